/// Which end of a channel.
enum ChannelDirection: String {
  case read, write
}
