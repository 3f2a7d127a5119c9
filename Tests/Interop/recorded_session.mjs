// A worker of iii-sdk for Node that registers a function, calls it, and ends.
import { registerWorker } from 'iii-sdk'

const worker = registerWorker(process.env.III_URL, { workerName: 'orders', otel: { enabled: false } })
worker.registerFunction('orders::charge', async (order) => ({ charged: order.id }))
await worker.trigger({ function_id: 'orders::charge', payload: { id: 7 }, timeoutMs: 20000 })
await worker.trigger({ function_id: 'engine::workers::list', payload: {}, timeoutMs: 20000 })
await worker.shutdown()
