// node_telemetry.mjs NAME: logs a record inside a span, by iii-sdk's own logger and tracer, until its input ends.
import * as sdk from 'iii-sdk'

const name = process.argv[2]
// 0.22 has them apart from the SDK, 0.11 in two places of it.
const tools = sdk.Logger
  ? { ...sdk, ...(await import('iii-sdk/telemetry')) } : await import('@iii-dev/helpers/observability')
sdk.registerWorker(process.env.III_URL, { workerName: name, otel: { enabled: true, serviceName: name } })
await tools.withSpan(`span of ${name}`, {}, async (span) => {
  span.setAttribute('by', name)
  new tools.Logger(undefined, name).warn(`logged by ${name}`, { pears: 3 })
})
process.stdin.resume().on('end', () => process.exit(0))
