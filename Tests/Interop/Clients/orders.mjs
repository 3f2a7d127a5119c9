// A worker of iii-sdk for Node, tested with the helper: it passes with every version of the SDK.
import assert from 'node:assert/strict'
import test from 'node:test'
import { registerWorker } from 'iii-sdk'
import { withEngine } from './iii-test.mjs'

const isFailing = process.env.FAIL === '1'

async function orders(iii) {
  const worker = registerWorker(iii.url, { workerName: 'orders', otel: { enabled: false } })
  worker.registerFunction('orders::charge', async (order) => ({ charged: order.id }))
  await iii.waitForFunction('orders::charge')
  return worker
}

if (isFailing) {
  test('a misspelled function', () => withEngine({ registerWorker }, async (iii) => {
    const worker = await orders(iii)
    await iii.call('orders::charge', { id: 7 })
    await worker.shutdown()
    await iii.journal.verify('orders::chrage', { times: 1 })
  }))
} else {
  test('journal, access and faults', () => withEngine({ registerWorker }, async (iii) => {
    const worker = await orders(iii)
    assert.equal((await iii.call('orders::charge', { id: 1, token: 't0k' })).charged, 1)
    await iii.journal.wait('orders::charge', { completed: true })
    await iii.journal.verify('orders::charge', { times: 1 })
    const [call] = await iii.journal.invocations('orders::charge')
    assert.equal(call.payload.token, '[REDACTED]')
    assert.deepEqual(call.result, { charged: 1 })
    await assert.rejects(iii.journal.verify('orders::chrage'), /`orders::charge` was called once/)

    await iii.access.deny('orders::*')
    await assert.rejects(iii.call('orders::charge', { id: 1 }))
    assert.equal((await iii.access.denials())[0].id, 'orders::charge')
    await iii.reset()
    await iii.journal.verify('orders::charge', { times: 0 })

    await iii.faults.add('drop_result', { function_id: 'orders::charge' })
    await assert.rejects(iii.call('orders::charge', { id: 1 }, 300))
    const [fault] = await iii.journal.list({ event: 'fault' })
    assert.equal(fault.effect, "invocationresult of 'orders::charge' was lost")
    assert.deepEqual(await iii.faults.unmatched(), [])
    await worker.shutdown()
  }))
}
