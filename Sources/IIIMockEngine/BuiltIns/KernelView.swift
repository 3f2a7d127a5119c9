internal import III

/// The engine's tables as they are during one call of a built-in worker, for reading. It cannot be kept: what a worker
/// needs longer it copies out.
struct KernelView: ~Copyable {
  let compatibility: Compatibility
  let functions: FunctionRegistry
  let workers: SlotTable<WorkerRecord>
  let busy: BusyWorkers
  let invocations: InvocationTable
  let triggers: TriggerRegistry
  let counters: InvocationCounters
  let access: AccessGate
  let stubs: StubTable
  /// The workers that are part of the engine, as listings show them.
  let inProcess: [InProcessWorker]
  /// The names of the built-in workers, by the index of their ids.
  let builtInNames: [String]
}
