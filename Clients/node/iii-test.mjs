// Helper for tests of workers of iii, with any test runner: starts `iii-dev` and drives its `mock::` functions.
//
//   import { registerWorker } from 'iii-sdk'
//   import { withEngine } from './iii-test.mjs'
//
//   test('charges once', () => withEngine({ registerWorker }, async (iii) => {
//     const worker = registerWorker(iii.url)
//     worker.registerFunction('orders::charge', async (order) => ({ ok: true }))   // 0.11: ({ id: 'orders::charge' }, …)
//     await iii.waitForFunction('orders::charge')
//     await iii.call('orders::charge', { id: 1 })
//     await iii.journal.verify('orders::charge', { times: 1 })
//   }))
//
// `withEngine` gives the test a fresh engine, shows the last entries of its journal if the test fails, and ends it. The
// program is `iii-dev` in PATH, or the variable III_DEV, or the option `program`; `options` are more options for it.
import { spawn } from 'node:child_process'

/** Starts an engine on a free port; ends with `stop()`. */
export async function startEngine({ program = process.env.III_DEV ?? 'iii-dev', options = [], timeout = 20_000 } = {}) {
  const configured = options.some((option) => /^(--config|-c|--port)/.test(option))
  const child = spawn(program, [...(configured ? [] : ['--port', '0']), ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  const ended = new Promise((resolve) => child.once('close', resolve))
  const url = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail('it is not ready in time'), timeout)
    const fail = (reason) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      reject(new Error(`${program} does not start: ${reason}\n${text}`))
    }
    const read = (chunk) => {
      text += chunk
      const ready = /^iii-dev listening on (ws:\/\/\S+)$/m.exec(text)
      if (!ready) return
      clearTimeout(timer)
      resolve(ready[1])
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('error', (error) => fail(`${error.message}; name the program with III_DEV`))
    child.once('exit', (code) => fail(`exit status ${code}`))
  })
  return {
    url,
    text: () => text,
    /** SIGTERM, then SIGKILL. */
    async stop() {
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
      child.kill('SIGTERM')
      await ended
      clearTimeout(timer)
    },
  }
}

/** The controls of an engine: its `mock::` functions, called by a worker of any version of the SDK. */
export function controls(url, { registerWorker, init = registerWorker }) {
  const worker = init(url, { workerName: 'iii-test-controls', otel: { enabled: false } })
  const call = (functionId, payload = {}, timeoutMs = 30_000) =>
    worker.trigger({ function_id: functionId, payload, timeoutMs })
  const mock = (name, payload = {}, timeoutMs) => call(`mock::${name}`, defined(payload), timeoutMs)
  const journal = {
    /** Entries that match: event, type, direction, function_id, worker_name, after, limit. */
    list: async (filter = {}) => (await mock('journal::list', filter)).entries,
    /** The calls of a function, with payload, result, caller and duration. */
    invocations: async (functionId) =>
      (await mock('journal::list', { invocations: true, function_id: functionId })).invocations,
    wait: (functionId, { count = 1, completed = false, timeoutMs = 10_000 } = {}) =>
      asserted(mock('journal::wait', { function_id: functionId, count, completed, timeout_ms: timeoutMs }, timeoutMs + 10_000)),
    /** Rejects if a function was not called so often: times, at_least, at_most. */
    verify: (functionId, expected = {}) => asserted(mock('journal::verify', { function_id: functionId, ...expected })),
    clear: () => mock('journal::clear'),
    /** The last entries as lines. */
    async tail(count = 15) {
      const rows = (await journal.list({ limit: 200 })).filter((row) => !String(row.function_id ?? '').startsWith('mock::'))
      return rows.slice(-count).map(line)
    },
  }
  const faults = {
    /** Adds a fault, once unless `times` says more (0: until it is removed); `remove()` of the result removes it. */
    async add(fault, parameters = {}) {
      const { fault_id: id } = await mock('faults::add', { fault, ...parameters })
      return { id, remove: () => faults.remove(id) }
    },
    list: async () => (await mock('faults::list')).faults,
    unmatched: async () => (await mock('faults::list')).unmatched,
    remove: (id) => mock('faults::remove', { fault_id: id }),
  }
  const access = {
    deny: (pattern, workerName) => mock('access::deny', { pattern, worker_name: workerName }),
    allow: (pattern, workerName) => mock('access::allow', { pattern, worker_name: workerName }),
    reset: () => mock('access::reset'),
    explain: (functionId, question = {}) => mock('access::explain', { function_id: functionId, ...question }),
    denials: async () => (await mock('access::denials')).denials,
  }
  const clock = {
    now: () => mock('clock::now'),
    advance: (span) => mock('clock::advance', span, 120_000),
    settle: (options) => mock('clock::settle', options, 120_000),
  }
  const stubs = {
    add: (stub) => mock('stubs::add', stub),
    remove: (which) => mock('stubs::remove', which),
    list: () => mock('stubs::list'),
  }
  return {
    url, worker, call, journal, faults, access, clock, stubs,
    /** Waits until a function is registered: registrations are not acknowledged. */
    async waitForFunction(functionId, timeoutMs = 10_000) {
      const end = Date.now() + timeoutMs
      for (;;) {
        const { functions } = await call('engine::functions::list', { prefix: functionId })
        if (functions.some((row) => row.function_id === functionId)) return
        if (Date.now() > end) throw new Error(`function '${functionId}' did not appear within ${timeoutMs} ms`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    /** Takes back deny rules and faults, and clears the journal; with an engine that can be reset, all of its state. */
    async reset() {
      try {
        return await mock('engine::reset')
      } catch (error) {
        if (!/not.found/i.test(`${error?.code} ${error?.message}`)) throw error
      }
      await access.reset()
      await faults.remove()
      await journal.clear()
    },
    close: () => worker.shutdown(),
  }
}

/** Runs `body` with the controls of a fresh engine. */
export async function withEngine({ registerWorker, init, ...options }, body) {
  const engine = await startEngine(options)
  try {
    const iii = controls(engine.url, { registerWorker, init })
    try {
      return await body(iii)
    } catch (error) {
      const lines = await Promise.race([
        iii.journal.tail().catch((reason) => [`the journal cannot be read: ${reason.message}`]),
        new Promise((resolve) => setTimeout(resolve, 5000, [])),
      ])
      console.error(['journal of the engine (the last entries):', ...lines].join('\n'))
      throw error
    } finally {
      await iii.close()
    }
  } finally {
    await engine.stop()
  }
}

const defined = (payload = {}) => Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined))

/** What does not hold is an error with the engine's text. */
async function asserted(answer) {
  try {
    return await answer
  } catch (error) {
    throw new Error(error?.message ?? error?.error?.message ?? String(error), { cause: error })
  }
}

function line(row) {
  const what = ['direction', 'type', 'function_id', 'kind', 'effect', 'reason'].map((key) => row[key]).filter(Boolean)
  const { data, result, error } = typeof row.message === 'object' ? row.message ?? {} : {}
  const shown = data ?? result ?? error
  const payload = shown === undefined ? '' : ` ${JSON.stringify(shown).slice(0, 200)}`
  return `#${row.number} ${row.time.toFixed(3)}s ${row.worker || '-'}: ${row.event} ${what.join(' ')}${payload}`
}
