// node_worker.mjs PREFIX: the Node twin of Worker/. Serves the engine at III_URL until its input ends.
import { createHash } from 'node:crypto'
import { registerWorker } from 'iii-sdk'

const prefix = process.argv[2]
const otel = { enabled: process.env.OTEL_ENABLED === '1', serviceName: prefix }
const worker = registerWorker(process.env.III_URL, { workerName: prefix, otel })
const notes = []
const bells = new Map()
const told = { registered: [], unregistered: [] }
const triggers = new Map()

const hash = (bytes) => createHash('sha256').update(bytes).digest('hex')
// 0.22 has it apart from the client.
const createChannel = worker.createChannel
  ? (size) => worker.createChannel(size)
  : async (size) => (await import('iii-sdk/helpers')).createChannel(worker, size)

const shown = ({ id, function_id, config, metadata }) => ({
  id, function: function_id, config: config ?? null, metadata: metadata ?? null
})

async function attempt(request) {
  try {
    return { value: await worker.trigger(request) }
  } catch (e) {
    const message = e.message.startsWith(`${e.code}: `) ? e.message.slice(e.code.length + 2) : e.message
    return { error: { code: e.code ?? e.name, message, stacktrace: e.stacktrace ?? null, function: e.function_id } }
  }
}

const functions = {
  add: async ({ a, b }) => ({ sum: a + b }),
  echo: async (data) => data,
  fail: async () => {
    throw new Error('no funds: déjà vu')
  },
  note: async (data) => {
    notes.push(data?.note ?? data)
  },
  notes: async () => notes,
  hang: () => new Promise(() => {}),
  call: (data) =>
    attempt({
      function_id: data.function,
      payload: data.payload,
      ...(data.action && { action: { type: data.action } }),
      ...(data.queue && { action: { type: 'enqueue', queue: data.queue } }),
      ...(data.timeout_ms && { timeoutMs: data.timeout_ms })
    }),
  big: async (data) => {
    const text = '0123456789abcdeé'.repeat(Math.floor(data.bytes / 17))
    const outcome = await attempt({ function_id: data.function, payload: { text } })
    return outcome.error ? outcome : { value: outcome.value.text === text }
  },
  // Reads a channel to its end.
  drink: async ({ from }) => {
    const texts = []
    from.onMessage((text) => texts.push(text))
    const content = await from.readAll()
    return { count: content.length, hash: hash(content), texts }
  },
  // Writes a channel that another function reads, and says what was written and what was read.
  pour: async (data) => {
    const channel = await createChannel(4)
    const reading = attempt({ function_id: data.function, payload: { from: channel.readerRef } })
    const content = Buffer.from('0123456789abcdef'.repeat(data.bytes / 16))
    channel.writer.sendMessage('déjà vu')
    channel.writer.stream.end(content)
    return { written: hash(content), read: await reading }
  },
  bind: async (data) => {
    const { type, function: function_id, config, metadata } = data
    triggers.set(data.name, worker.registerTrigger({ type, function_id, config, metadata: metadata ?? undefined }))
  },
  unbind: async (data) => {
    triggers.get(data.name).unregister()
    triggers.delete(data.name)
  },
  ring: async () => {
    for (const bell of bells.values())
      await worker.trigger({ function_id: bell.function_id, payload: { note: bell.config.note }, action: { type: 'void' } })
  },
  bells: async () => told,
  // Access control: what access.py has the engine call this worker for.
  auth: async ({ query_params }) => {
    const token = query_params.token?.[0]
    const sessions = {
      valid: {},
      forbidden: { forbidden_functions: [`${prefix}::echo`] },
      prefix: { function_registration_prefix: 'team' }
    }
    if (!sessions[token]) throw new Error('invalid token')
    return { allow_trigger_type_registration: true, context: { token }, ...sessions[token] }
  },
  middleware: async ({ function_id, payload, context }) => ({
    token: context.token,
    result: await worker.trigger({ function_id, payload })
  }),
  hook: async ({ function_id }) => {
    if (function_id?.endsWith('::big')) throw new Error('not big')
    return {}
  }
}

worker.registerTriggerType(
  { id: `${prefix}::bell`, description: 'rings when told to' },
  {
    registerTrigger: async (bell) => {
      if (bell.config.refuse) throw new Error(bell.config.refuse)
      bells.set(bell.id, bell)
      told.registered.push(shown(bell))
    },
    unregisterTrigger: async (bell) => {
      bells.delete(bell.id)
      told.unregistered.push(shown(bell))
    }
  }
)
for (const [name, handler] of Object.entries(functions)) {
  const about = name === 'add' ? { description: 'adds', metadata: { kind: 'sum' } } : {}
  worker.registerFunction(`${prefix}::${name}`, handler, about)
}
process.stdin.resume().on('end', () => process.exit(0))
