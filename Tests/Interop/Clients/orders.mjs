// A worker of iii-sdk for Node, tested with the helper: it passes with every version of the SDK.
import assert from 'node:assert/strict'
import test, { after } from 'node:test'
import { registerWorker } from 'iii-sdk'
import { sharedEngine, withEngine } from './iii-test.mjs'

const failing = process.env.FAIL
const withWorker = async (iii, body) => {
  const worker = registerWorker(iii.url, { workerName: 'orders', otel: { enabled: false } })
  try {
    return await body(worker)
  } finally {
    await worker.shutdown()
  }
}
const withOrders = (iii, body) => withWorker(iii, async (worker) => {
  worker.registerFunction('orders::charge', async (order) => ({ charged: order.id }))
  await iii.waitForFunction('orders::charge')
  return body(worker)
})

if (failing === 'near miss') {
  test('a misspelled function', () => withEngine({ registerWorker }, async (iii) => {
    await withOrders(iii, () => iii.call('orders::charge', { id: 7 }))
    await iii.journal.verify('orders::chrage', { times: 1 })
  }))
} else if (failing === 'unmatched') {
  test('a fault of another function', () => withEngine({ registerWorker }, async (iii) => {
    await iii.faults.add('drop_result', { function_id: 'orders::chrage' })
  }))
} else {
  test('journal, access and faults', () => withEngine({ registerWorker }, (iii) => withOrders(iii, async () => {
    assert.equal((await iii.call('orders::charge', { id: 1, token: 't0k' })).charged, 1)
    await iii.journal.wait('orders::charge', { completed: true })
    await iii.journal.verify('orders::charge', { times: 1 })
    const [call] = await iii.journal.invocations('orders::charge')
    assert.equal(call.payload.token, '[REDACTED]')
    assert.deepEqual(call.result, { charged: 1 })
    await assert.rejects(iii.journal.verify('orders::chrage'), /`orders::charge` was called once/)

    await iii.access.deny('orders::*')
    await assert.rejects(iii.call('orders::charge', { id: 1 }))
    assert.equal((await iii.access.denials()).at(-1).id, 'orders::charge')
    await iii.reset()
    await iii.journal.verify('orders::charge', { times: 0 })

    await iii.faults.add('drop_result', { function_id: 'orders::charge' })
    await assert.rejects(iii.call('orders::charge', { id: 1 }, 300))
    const [fault] = await iii.journal.list({ event: 'fault' })
    assert.equal(fault.effect, "invocationresult of 'orders::charge' was lost")
    assert.deepEqual(await iii.faults.unmatched(), [])
  })))

  test('the manual clock', () => withEngine({ registerWorker, manualClock: true }, async (iii) => {
    const before = await iii.clock.now()
    assert.equal(before.manual, true)
    const after = await iii.clock.advance({ seconds: 90 })
    assert.equal(after.milliseconds - before.milliseconds, 90_000)
    assert.deepEqual(await iii.clock.settle(), after)
    await withOrders(iii, async () => {
      await iii.stubs.delay('orders::charge', 4000)
      let isDone = false
      const call = iii.call('orders::charge', { id: 2 }).finally(() => { isDone = true })
      await iii.journal.wait('orders::charge')
      await iii.clock.advance({ milliseconds: 3999 })
      assert.equal(isDone, false)
      await iii.clock.advance({ milliseconds: 1 })
      assert.equal((await call).charged, 2)
    })
  }))

  test('stubs', () => withEngine({ registerWorker }, (iii) => withOrders(iii, async () => {
    const stub = await iii.stubs.returning(
      'orders::charge', 'stubbed', { then: [{ error: { code: 'DECLINED', message: 'twice' } }] })
    assert.equal(await iii.call('orders::charge', { id: 3 }), 'stubbed')
    await assert.rejects(iii.call('orders::charge', { id: 3 }), /DECLINED|twice/)
    assert.equal((await iii.stubs.list())[0].calls, 2)
    await stub.remove()
    assert.equal((await iii.call('orders::charge', { id: 3 })).charged, 3)
    await iii.stubs.returning('orders::charge', 'once', { when: { id: 4 }, times: 1 })
    assert.equal(await iii.call('orders::charge', { id: 4 }), 'once')
    assert.equal((await iii.call('orders::charge', { id: 4 })).charged, 4)
    await iii.stubs.fail('bank::pay', 'FORBIDDEN')
    await assert.rejects(iii.call('bank::pay'))
    await iii.stubs.hang('bank::wait')
    await assert.rejects(iii.call('bank::wait', {}, 300))
    await iii.stubs.remove()
    assert.deepEqual(await iii.stubs.list(), [])
  })))

  test('retries until the dead letter', () =>
    withEngine({ registerWorker, manualClock: true, config: 'queues.yaml' }, (iii) => withWorker(iii, async (worker) => {
      const attempts = []
      worker.registerFunction('payments::charge', async () => {
        attempts.push((await iii.clock.now()).milliseconds)
        throw new Error('no funds')
      })
      await iii.waitForFunction('payments::charge')
      const start = (await iii.clock.now()).milliseconds
      await iii.queues.enqueue('payments', 'payments::charge', { amount: 12 })
      await iii.clock.settle()
      assert.deepEqual((await iii.queues.jobs('payments')).map((job) => job.state), ['delayed'])
      await iii.clock.advance({ seconds: 10 })
      assert.deepEqual(attempts.map((moment) => moment - start), [0, 1000, 3000, 7000]) // after 1 s, 2 s and 4 s
      const [letter] = await iii.queues.dead('payments')
      assert.equal(letter.history.length, 4)
      await iii.queues.pause('payments')
      assert.equal(await iii.queues.redrive('payments'), 1)
      assert.equal(await iii.queues.clear('payments'), 1)
      await iii.queues.resume('payments')
      await iii.queues.configure('payments', { retries: false })
      await iii.queues.enqueue('payments', 'payments::charge')
      await iii.clock.settle()
      assert.equal(attempts.length, 5)
      assert.equal(await iii.queues.discard('payments', (await iii.queues.dead('payments'))[0].id), 1)
      assert.deepEqual(await iii.queues.drain('payments'), [])
    })))

  test('one worker may call and another may not', () => withEngine({ registerWorker }, (iii) => withOrders(iii, async () => {
    await iii.access.deny('orders::charge', 'orders')
    assert.equal((await iii.access.explain('orders::charge', { worker_name: 'orders' })).allowed, false)
    assert.equal((await iii.call('orders::charge', { id: 5 })).charged, 5)
    await iii.access.allow('orders::charge', 'orders')
    assert.equal((await iii.access.explain('orders::charge', { worker_name: 'orders' })).allowed, true)
  })))

  test('channels are listed, slowed and cut', () => withEngine({ registerWorker }, (iii) => withWorker(iii, async (worker) => {
    const made = await worker.trigger({ function_id: 'engine::channels::create', payload: {} })
    const [channel] = await iii.channels.list()
    assert.equal(channel.channel_id, made.writer.channel_id)
    assert.deepEqual([channel.writer, channel.reader, channel.buffered_bytes], ['unopened', 'unopened', 0])
    await iii.channels.slow(channel.channel_id, 1000)
    assert.equal((await iii.channels.list())[0].bytes_per_second, 1000)
    assert.equal(await iii.channels.cut(channel.channel_id, 'writer'), 0)
    await assert.rejects(iii.channels.cut('unknown'))
  })))

  test('a restart', () => withEngine({ registerWorker }, (iii) => withOrders(iii, async () => {
    await iii.stubs.returning('bank::pay', true)
    await iii.engine.restart()
    await iii.waitForFunction('orders::charge', 30_000)
    assert.equal((await iii.call('orders::charge', { id: 6 })).charged, 6)
    assert.equal(await iii.call('bank::pay'), true)
  })))

  const shared = await sharedEngine({ registerWorker })
  after(() => shared.stop())
  for (const round of [1, 2]) {
    test(`a shared engine is reset, round ${round}`, () => shared.run(async (iii) => {
      assert.deepEqual([...await iii.stubs.list(), ...await iii.access.denials()], [])
      await iii.journal.verify('bank::pay', { times: 0 })
      await iii.stubs.returning('bank::pay', round)
      assert.equal(await iii.call('bank::pay'), round)
      await iii.access.deny('bank::*')
      await assert.rejects(iii.call('bank::pay'))
    }))
  }
}
