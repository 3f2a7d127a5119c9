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
// `withEngine` gives the test a fresh engine, shows the last entries of its journal if the test fails, and ends it. Its
// options are `manualClock: true` (time moves by `iii.clock.advance({ seconds: 30 })` only), `config: 'iii.yaml'`, more
// `options` of iii-dev, `program` (default: the variable III_DEV, or `iii-dev` in PATH) and `allowUnmatchedFaults`: without
// it a test that passes although a fault of it never had an effect fails, because it has proved nothing.
//
// `sharedEngine` starts one engine for several tests and resets it before each of them:
//
//   const engine = await sharedEngine({ registerWorker })
//   after(() => engine.stop())
//   test('charges once', () => engine.run(async (iii) => { … }))
//
// Within `iii-dev exec -- npm test` both use the engine of that command, unless they need other settings.
import { spawn } from 'node:child_process'

/** Starts an engine on a free port; ends with `stop()`. */
export async function startEngine({ program, options, timeout = 20_000, ...settings } = {}) {
  program ??= process.env.III_DEV ?? 'iii-dev'
  const words = [...(options ?? []), ...ownOptions(settings)]
  if (!words.some((option) => option.startsWith('--port'))) words.unshift('--port', '0')
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
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

const ownOptions = ({ manualClock, config }) => [
  ...(manualClock ? ['--manual-clock'] : []), ...(config ? [`--config=${config}`] : []),
]

/** The engine of `iii-dev exec`, if its settings will do; else a new one. */
async function engineFor(settings) {
  const url = process.env.III_EXEC_URL
  if (url && !settings.options?.length && !ownOptions(settings).length) {
    return { url, isShared: true, text: () => '', stop: async () => {} }
  }
  return startEngine(settings)
}

/** The controls of an engine: its `mock::` functions, called by a worker of any version of the SDK. */
export function controls(url, { registerWorker, init = registerWorker }) {
  const worker = init(url, { workerName: 'iii-test-controls', otel: { enabled: false } })
  const call = (functionId, payload = {}, timeoutMs = 30_000) =>
    worker.trigger({ function_id: functionId, payload, timeoutMs })
  const mock = (name, payload = {}, timeoutMs) => call(`mock::${name}`, defined(payload), timeoutMs)
  /** `mock::journal::…`: what happened. */
  const journal = {
    /** Entries that match: event, type, direction, function_id, worker_name, after, limit. */
    list: async (filter = {}) => (await mock('journal::list', filter)).entries,
    /** The calls of a function, with payload, result, caller and duration. */
    invocations: async (functionId) =>
      (await mock('journal::list', { invocations: true, function_id: functionId })).invocations,
    /** Waits until a function was called so often, or until so many calls have ended. */
    wait: (functionId, { count = 1, completed = false, timeoutMs = 10_000 } = {}) =>
      asserted(mock('journal::wait', { function_id: functionId, count, completed, timeout_ms: timeoutMs }, timeoutMs + 10_000)),
    /** Rejects if a function was not called so often: times, at_least, at_most. */
    verify: (functionId, expected = {}) => asserted(mock('journal::verify', { function_id: functionId, ...expected })),
    /** Forgets all entries and sets the counts of calls to zero. */
    clear: () => mock('journal::clear'),
    /** The last entries as lines. */
    async tail(count = 15) {
      const rows = (await journal.list({ limit: 200 })).filter((row) => !String(row.function_id ?? '').startsWith('mock::'))
      return rows.slice(-count).map(line)
    },
  }
  /** `mock::faults::…`: what goes wrong on purpose. */
  const faults = {
    /** Adds a fault, once unless `times` says more (0: until it is removed); `remove()` of the result removes it. */
    async add(fault, parameters = {}) {
      const { fault_id: id } = await mock('faults::add', { fault, ...parameters })
      return { id, remove: () => faults.remove(id) }
    },
    /** The faults in force: fault_id, fault, hits, remaining. */
    list: async () => (await mock('faults::list')).faults,
    /** The faults that have had no effect. */
    unmatched: async () => (await mock('faults::list')).unmatched,
    /** Removes a fault, or all of them. */
    remove: (id) => mock('faults::remove', { fault_id: id }),
  }
  /** `mock::access::…`: what may be called, by one worker or by all. */
  const access = {
    deny: (pattern, workerName) => mock('access::deny', { pattern, worker_name: workerName }),
    allow: (pattern, workerName) => mock('access::allow', { pattern, worker_name: workerName }),
    reset: () => mock('access::reset'),
    /** Whether a function may be called and which rule decides: worker_name, or listener, headers, query. */
    explain: (functionId, question = {}) => mock('access::explain', { function_id: functionId, ...question }),
    denials: async () => (await mock('access::denials')).denials,
  }
  /** `mock::clock::…`: the engine's clock; a manual one moves by `advance` only. */
  const clock = {
    /** `milliseconds` since 1970, `time` as text, and whether the clock is `manual`. */
    now: () => mock('clock::now'),
    /** Moves a manual clock: seconds, milliseconds or toMilliseconds; `ignoring` names functions that stay under way. */
    advance: ({ seconds, milliseconds, toMilliseconds, ignoring } = {}) =>
      mock('clock::advance', {
        milliseconds: seconds === undefined ? milliseconds : seconds * 1000 + (milliseconds ?? 0),
        to_milliseconds: toMilliseconds, ignoring,
      }, 120_000),
    /** Resolves when nothing is under way in the engine. */
    settle: (options) => mock('clock::settle', options, 120_000),
  }
  /** `mock::stubs::…`: functions without a worker, or in front of one. */
  const stubs = {
    /** One of `returning`, `error`, `hang`, `delay_ms`; also `then`, `when`, `times`. `remove()` of the result removes it. */
    async add(functionId, stub) {
      const { id } = await mock('stubs::add', { function_id: functionId, ...stub })
      return { id, remove: () => stubs.remove({ id }) }
    },
    returning: (functionId, value, more) => stubs.add(functionId, { returning: value, ...more }),
    /** TIMEOUT and FORBIDDEN need no message. */
    fail: (functionId, code, message, more) => stubs.add(functionId, { error: defined({ code, message }), ...more }),
    hang: (functionId, more) => stubs.add(functionId, { hang: true, ...more }),
    delay: (functionId, milliseconds, more) => stubs.add(functionId, { delay_ms: milliseconds, ...more }),
    /** Removes a stub (`id`), the stubs of a function (`function_id`), or all of them. */
    remove: (which = {}) => mock('stubs::remove', which),
    /** The stubs, oldest first, with the number of their `calls`. */
    list: async () => (await mock('stubs::list')).stubs,
  }
  /** `mock::queues::…`: the jobs of queues and durable topics. */
  const queues = {
    list: async () => (await mock('queues::list')).queues,
    /** The jobs that are not dead letters, oldest first, with their `history`; `offset`, `limit`. */
    jobs: async (queue, page = {}) => (await mock('queues::show', { queue, ...page })).jobs,
    /** The dead letters, newest first, with their `history` and `error`. */
    dead: async (queue, page = {}) => (await mock('queues::dead', { queue, ...page })).dead_letters,
    enqueue: (queue, functionId, data = null) => mock('queues::enqueue', { queue, function_id: functionId, data }),
    /** Runs what is due now, one job at a time; the deliveries. */
    drain: async (queue) => (await mock('queues::drain', { queue }, 120_000)).deliveries,
    pause: (queue) => mock('queues::pause', { queue }),
    resume: (queue) => mock('queues::resume', { queue }),
    redrive: async (queue, id) => (await mock('queues::redrive', { queue, id })).redriven,
    discard: async (queue, id) => (await mock('queues::discard', { queue, id })).discarded,
    clear: async (queue) => (await mock('queues::clear', { queue })).removed,
    /** `retries: false` switches the retries off, `redeliversAlways: true` has every job delivered twice. */
    configure: (queue, { retries, redeliversAlways } = {}) =>
      mock('queues::configure', { queue, retries, redelivers_always: redeliversAlways }),
  }
  /** `mock::channels::…`: what is in channels, and what can go wrong with them. */
  const channels = {
    /** The channels that have not ended, the oldest first: channel_id, writer, reader, buffered_bytes, messages_passed … */
    list: async () => (await mock('channels::list')).channels,
    /** Resets the connection of the `writer` or the `reader`, or both; how many there were. */
    cut: async (channelId, end) => (await mock('channels::cut', { channel_id: channelId, end })).cut,
    /** Sends the reader at most so many bytes in a second; without a number, as many as it takes. */
    slow: (channelId, bytesPerSecond) =>
      mock('channels::slow', { channel_id: channelId, bytes_per_second: bytesPerSecond }),
  }
  /** `mock::engine::…`: the engine as a whole. */
  const engine = {
    /** Takes back stubs, faults, denials and stored data, and clears the journal; workers stay connected. */
    async reset() {
      try {
        await mock('engine::reset')
      } catch (error) {
        if (!isUnknown(error)) throw error
        await stubs.remove()
        await access.reset()
      }
      await faults.remove()
      await journal.clear()
    },
    /** Drops all connections and begins again at the same port; resolves when these controls are connected again. */
    async restart({ keepState = true, timeoutMs = 30_000 } = {}) {
      await mock('engine::restart', { keep_state: keepState })
      const end = Date.now() + timeoutMs
      for (;;) {
        try {
          return await mock('clock::now', {}, 1000)
        } catch (error) {
          if (Date.now() > end) throw error
          await pause(50)
        }
      }
    },
  }
  return {
    url, worker, call, journal, faults, access, clock, stubs, queues, channels, engine,
    /** Waits until a function is registered: registrations are not acknowledged. */
    async waitForFunction(functionId, timeoutMs = 10_000) {
      const end = Date.now() + timeoutMs
      for (;;) {
        let rows = []
        try {
          rows = (await call('engine::functions::list', { prefix: functionId }, 5000)).functions
        } catch (error) {
          if (Date.now() > end) throw error // disconnected: the SDK connects again
        }
        if (rows.some((row) => row.function_id === functionId)) return
        if (Date.now() > end) throw new Error(`function '${functionId}' did not appear within ${timeoutMs} ms`)
        await pause(10)
      }
    },
    /** As `engine.reset()`. */
    reset: () => engine.reset(),
    close: () => worker.shutdown(),
  }
}

/** Runs `body` with the controls of a fresh engine. */
export async function withEngine({ registerWorker, init, allowUnmatchedFaults, ...settings }, body) {
  const engine = await engineFor(settings)
  try {
    return await runTest(engine, { registerWorker, init, allowUnmatchedFaults }, body)
  } finally {
    await engine.stop()
  }
}

/** One engine for several tests: `run(body)` resets it and runs a test, `stop()` ends it. */
export async function sharedEngine({ registerWorker, init, allowUnmatchedFaults, ...settings }) {
  const engine = await engineFor(settings)
  engine.isShared = true
  return {
    url: engine.url,
    run: (body) => runTest(engine, { registerWorker, init, allowUnmatchedFaults }, body),
    stop: () => engine.stop(),
  }
}

async function runTest(engine, { registerWorker, init, allowUnmatchedFaults }, body) {
  const iii = controls(engine.url, { registerWorker, init })
  try {
    if (engine.isShared) await iii.reset()
    const known = (await unmatched(iii)).length
    const result = await body(iii)
    const left = allowUnmatchedFaults ? [] : (await unmatched(iii)).slice(known)
    if (left.length) throw new Error(`faults that never had an effect: ${left.join(', ')}`)
    return result
  } catch (error) {
    const lines = await Promise.race([
      iii.journal.tail().catch((reason) => [`the journal cannot be read: ${reason.message}`]),
      new Promise((resolve) => setTimeout(resolve, 5000, []).unref()),
    ])
    console.error(['journal of the engine (the last entries):', ...lines].join('\n'))
    throw error
  } finally {
    await iii.close()
  }
}

/** The faults without an effect, also if the test denies everything; none in a strict engine, which has no faults. */
async function unmatched(iii) {
  try {
    await iii.access.reset()
  } catch (error) {
    if (isUnknown(error)) return []
    throw error
  }
  return iii.faults.unmatched()
}

const defined = (payload = {}) => Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined))
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
/** Whether the engine does not have the function that was called. */
const isUnknown = (error) => /not.found/i.test(`${error?.code} ${error?.message ?? error?.error?.message}`)

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
