import Testing

@testable import iii_dev

@Suite struct PortHolderTests {
  #if os(Linux)
    @Test func socketsOfATable() {
      let table = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:BFEE 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000
           1: 0100007F:BFEE 0100007F:8D1F 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000
           2: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0000000000000000
        broken
        """
      #expect(PortHolder.listeningSockets(in: table, port: 49134) == ["socket:[4711]"])
      #expect(PortHolder.listeningSockets(in: table, port: 80) == ["socket:[4713]"])
      #expect(PortHolder.listeningSockets(in: table, port: 81).isEmpty)
    }
  #endif

  @Test func hintNamesThePort() {
    #expect(PortHolder.hint(port: 49134).contains(":49134"))
  }
}
