/** The wire files as their tests call them: NAMESPACE_name for each export. AssemblyScript exports no namespaces of a
 *  module, so the names are joined here and split again by test/support/wasm.ts. */
export {
  load16 as bytes_load16, store16 as bytes_store16, loadMac as bytes_loadMac, storeMac as bytes_storeMac,
} from "../../assembly/memory/bytes";
export {
  isEui64Of as eui64_isEui64Of,
} from "../../assembly/wire/eui64";
export {
  HEADER_BYTES as ethernet_HEADER_BYTES, ETHER_TYPE_IPV4 as ethernet_ETHER_TYPE_IPV4, ETHER_TYPE_ARP as ethernet_ETHER_TYPE_ARP,
  ETHER_TYPE_VLAN as ethernet_ETHER_TYPE_VLAN, ETHER_TYPE_IPV6 as ethernet_ETHER_TYPE_IPV6, ETHER_TYPE_QINQ as ethernet_ETHER_TYPE_QINQ,
  BROADCAST as ethernet_BROADCAST, isValid as ethernet_isValid, destination as ethernet_destination, source as ethernet_source,
  etherType as ethernet_etherType, isGroup as ethernet_isGroup, isReservedGroup as ethernet_isReservedGroup,
  setDestination as ethernet_setDestination, setSource as ethernet_setSource, setEtherType as ethernet_setEtherType,
  write as ethernet_write,
} from "../../assembly/wire/ethernet";
export {
  HOP_BY_HOP as ipProtocol_HOP_BY_HOP, ICMPV4 as ipProtocol_ICMPV4, TCP as ipProtocol_TCP, UDP as ipProtocol_UDP,
  ROUTING as ipProtocol_ROUTING, FRAGMENT as ipProtocol_FRAGMENT, ESP as ipProtocol_ESP, AUTHENTICATION as ipProtocol_AUTHENTICATION,
  ICMPV6 as ipProtocol_ICMPV6, NO_NEXT_HEADER as ipProtocol_NO_NEXT_HEADER, DESTINATION_OPTIONS as ipProtocol_DESTINATION_OPTIONS,
} from "../../assembly/wire/ip-protocol";
export {
  HEADER_BYTES as vlan_HEADER_BYTES, isTag as vlan_isTag, isValid as vlan_isValid, tci as vlan_tci, vlanId as vlan_vlanId,
  priority as vlan_priority, isDropEligible as vlan_isDropEligible, etherType as vlan_etherType, setTci as vlan_setTci,
  push as vlan_push, pop as vlan_pop,
} from "../../assembly/wire/vlan";
export {
  HEADER_BYTES as arp_HEADER_BYTES, REQUEST as arp_REQUEST, REPLY as arp_REPLY, isValid as arp_isValid, operation as arp_operation,
  senderMac as arp_senderMac, senderIpBe as arp_senderIpBe, targetMac as arp_targetMac, targetIpBe as arp_targetIpBe,
  isProbe as arp_isProbe, setOperation as arp_setOperation, setSenderMac as arp_setSenderMac, setSenderIpBe as arp_setSenderIpBe,
  setTargetMac as arp_setTargetMac, setTargetIpBe as arp_setTargetIpBe, write as arp_write,
} from "../../assembly/wire/arp";
export {
  HEADER_BYTES as ipv4_HEADER_BYTES, isValid as ipv4_isValid, isQuoted as ipv4_isQuoted, headerBytes as ipv4_headerBytes, typeOfService as ipv4_typeOfService,
  totalBytes as ipv4_totalBytes, identification as ipv4_identification, dontFragment as ipv4_dontFragment,
  moreFragments as ipv4_moreFragments, fragmentOffset as ipv4_fragmentOffset, isFragment as ipv4_isFragment,
  source as ipv4_source, destination as ipv4_destination, timeToLive as ipv4_timeToLive, protocol as ipv4_protocol, checksum as ipv4_checksum, sourceBe as ipv4_sourceBe,
  destinationBe as ipv4_destinationBe, setTotalBytes as ipv4_setTotalBytes, setIdentification as ipv4_setIdentification,
  setTimeToLive as ipv4_setTimeToLive, setChecksum as ipv4_setChecksum, setSourceBe as ipv4_setSourceBe,
  setDestinationBe as ipv4_setDestinationBe, swapAddresses as ipv4_swapAddresses, write as ipv4_write, isUnspecified as ipv4_isUnspecified,
  isGroupOrReserved as ipv4_isGroupOrReserved, updateChecksum as ipv4_updateChecksum,
  hasValidChecksum as ipv4_hasValidChecksum, pseudoHeader as ipv4_pseudoHeader,
} from "../../assembly/wire/ipv4";
export {
  HEADER_BYTES as ipv6_HEADER_BYTES, isValid as ipv6_isValid, isQuoted as ipv6_isQuoted, payloadBytes as ipv6_payloadBytes, totalBytes as ipv6_totalBytes,
  nextHeader as ipv6_nextHeader, hopLimit as ipv6_hopLimit, source as ipv6_source, destination as ipv6_destination,
  setPayloadBytes as ipv6_setPayloadBytes, setNextHeader as ipv6_setNextHeader, setHopLimit as ipv6_setHopLimit,
  isUnspecified as ipv6_isUnspecified, isLinkLocal as ipv6_isLinkLocal, isMulticast as ipv6_isMulticast, equals as ipv6_equals,
  copy as ipv6_copy, write as ipv6_write, pseudoHeader as ipv6_pseudoHeader, walk as ipv6_walk, fragment as ipv6_fragment, walkOffset as ipv6_walkOffset,
  walkProtocol as ipv6_walkProtocol, walkIsFragment as ipv6_walkIsFragment, walkIsCut as ipv6_walkIsCut,
} from "../../assembly/wire/ipv6";
export {
  WALK_PROTOCOL_SHIFT as extensionChain_WALK_PROTOCOL_SHIFT, WALK_FRAGMENT as extensionChain_WALK_FRAGMENT,
  WALK_CUT as extensionChain_WALK_CUT, walkChain as extensionChain_walkChain,
  findFragment as extensionChain_findFragment, fragmentOffset as extensionChain_fragmentOffset,
  moreFragments as extensionChain_moreFragments, identification as extensionChain_identification,
  FRAGMENT_HEADER_BYTES as extensionChain_FRAGMENT_HEADER_BYTES,
} from "../../assembly/wire/extension-chain";
export {
  HEADER_BYTES as icmpv4_HEADER_BYTES, UNREACHABLE as icmpv4_UNREACHABLE, SOURCE_QUENCH as icmpv4_SOURCE_QUENCH,
  REDIRECT as icmpv4_REDIRECT, TIME_EXCEEDED as icmpv4_TIME_EXCEEDED, PARAMETER_PROBLEM as icmpv4_PARAMETER_PROBLEM,
  PORT_UNREACHABLE as icmpv4_PORT_UNREACHABLE, isEcho as icmpv4_isEcho, isError as icmpv4_isError, write as icmpv4_write,
  ECHO_REPLY as icmpv4_ECHO_REPLY, ECHO_REQUEST as icmpv4_ECHO_REQUEST, isValid as icmpv4_isValid,
  type as icmpv4_type, code as icmpv4_code, checksum as icmpv4_checksum, identifier as icmpv4_identifier, sequence as icmpv4_sequence,
  isEchoRequest as icmpv4_isEchoRequest, setType as icmpv4_setType, setCode as icmpv4_setCode, setChecksum as icmpv4_setChecksum,
  setIdentifier as icmpv4_setIdentifier, setSequence as icmpv4_setSequence, turnIntoReply as icmpv4_turnIntoReply,
  updateChecksum as icmpv4_updateChecksum, hasValidChecksum as icmpv4_hasValidChecksum,
} from "../../assembly/wire/icmpv4";
export {
  HEADER_BYTES as icmpv6_HEADER_BYTES, ERROR_HEADER_BYTES as icmpv6_ERROR_HEADER_BYTES, UNREACHABLE as icmpv6_UNREACHABLE,
  PACKET_TOO_BIG as icmpv6_PACKET_TOO_BIG, TIME_EXCEEDED as icmpv6_TIME_EXCEEDED, PARAMETER_PROBLEM as icmpv6_PARAMETER_PROBLEM,
  PORT_UNREACHABLE as icmpv6_PORT_UNREACHABLE, isEcho as icmpv6_isEcho, isError as icmpv6_isError, writeError as icmpv6_writeError,
  ECHO_HEADER_BYTES as icmpv6_ECHO_HEADER_BYTES, ECHO_REQUEST as icmpv6_ECHO_REQUEST,
  ECHO_REPLY as icmpv6_ECHO_REPLY, ROUTER_SOLICITATION as icmpv6_ROUTER_SOLICITATION,
  ROUTER_ADVERTISEMENT as icmpv6_ROUTER_ADVERTISEMENT, NEIGHBOUR_SOLICITATION as icmpv6_NEIGHBOUR_SOLICITATION,
  NEIGHBOUR_ADVERTISEMENT as icmpv6_NEIGHBOUR_ADVERTISEMENT, REDIRECT as icmpv6_REDIRECT, isValid as icmpv6_isValid, type as icmpv6_type,
  code as icmpv6_code, checksum as icmpv6_checksum, identifier as icmpv6_identifier, sequence as icmpv6_sequence,
  isEchoRequest as icmpv6_isEchoRequest, isNeighbourSolicitation as icmpv6_isNeighbourSolicitation,
  isNeighbourAdvertisement as icmpv6_isNeighbourAdvertisement, isRouterAdvertisement as icmpv6_isRouterAdvertisement,
  isNeighbourDiscovery as icmpv6_isNeighbourDiscovery, setType as icmpv6_setType, setCode as icmpv6_setCode,
  setChecksum as icmpv6_setChecksum, turnIntoReply as icmpv6_turnIntoReply, updateChecksum as icmpv6_updateChecksum,
  hasValidChecksum as icmpv6_hasValidChecksum,
} from "../../assembly/wire/icmpv6";
export {
  HEADER_BYTES as neighbourDiscovery_HEADER_BYTES, HOP_LIMIT_REQUIRED as neighbourDiscovery_HOP_LIMIT_REQUIRED,
  ADVERTISEMENT_BYTES as neighbourDiscovery_ADVERTISEMENT_BYTES, SOURCE_LINK_ADDRESS as neighbourDiscovery_SOURCE_LINK_ADDRESS,
  TARGET_LINK_ADDRESS as neighbourDiscovery_TARGET_LINK_ADDRESS, FLAG_ROUTER as neighbourDiscovery_FLAG_ROUTER,
  FLAG_SOLICITED as neighbourDiscovery_FLAG_SOLICITED, FLAG_OVERRIDE as neighbourDiscovery_FLAG_OVERRIDE,
  isValid as neighbourDiscovery_isValid, flags as neighbourDiscovery_flags, target as neighbourDiscovery_target,
  hopLimit as neighbourDiscovery_hopLimit, routerFlags as neighbourDiscovery_routerFlags,
  lifetimeSeconds as neighbourDiscovery_lifetimeSeconds, optionLinkAddress as neighbourDiscovery_optionLinkAddress,
  writeAdvertisement as neighbourDiscovery_writeAdvertisement, writeSolicitation as neighbourDiscovery_writeSolicitation,
  writeGroup as neighbourDiscovery_writeGroup, SOLICITATION_BYTES as neighbourDiscovery_SOLICITATION_BYTES,
} from "../../assembly/wire/neighbour-discovery";
export {
  HEADER_BYTES as tcp_HEADER_BYTES, CHECKSUM_OFFSET as tcp_CHECKSUM_OFFSET, FIN as tcp_FIN, SYN as tcp_SYN, RST as tcp_RST,
  PSH as tcp_PSH, ACK as tcp_ACK, URG as tcp_URG, ECE as tcp_ECE, CWR as tcp_CWR, isValid as tcp_isValid, sourcePort as tcp_sourcePort,
  targetPort as tcp_targetPort, sequence as tcp_sequence, acknowledgment as tcp_acknowledgment, headerBytes as tcp_headerBytes,
  flags as tcp_flags, window as tcp_window, checksum as tcp_checksum, urgent as tcp_urgent, setSourcePort as tcp_setSourcePort,
  setTargetPort as tcp_setTargetPort, setSequence as tcp_setSequence, setAcknowledgment as tcp_setAcknowledgment,
  setFlags as tcp_setFlags, write as tcp_write, setWindow as tcp_setWindow, setChecksum as tcp_setChecksum, updateChecksum as tcp_updateChecksum,
  hasValidChecksum as tcp_hasValidChecksum, OPTION_MSS as tcp_OPTION_MSS, OPTION_MSS_BYTES as tcp_OPTION_MSS_BYTES,
  OPTION_AUTHENTICATION as tcp_OPTION_AUTHENTICATION, optionKind as tcp_optionKind, optionBytes as tcp_optionBytes,
  announcedMss as tcp_announcedMss, setAnnouncedMss as tcp_setAnnouncedMss,
} from "../../assembly/wire/tcp";
export {
  HEADER_BYTES as udp_HEADER_BYTES, CHECKSUM_OFFSET as udp_CHECKSUM_OFFSET, DHCP_SERVER_PORT as udp_DHCP_SERVER_PORT,
  DHCP_CLIENT_PORT as udp_DHCP_CLIENT_PORT, DHCPV6_CLIENT_PORT as udp_DHCPV6_CLIENT_PORT, DHCPV6_SERVER_PORT as udp_DHCPV6_SERVER_PORT,
  isValid as udp_isValid, sourcePort as udp_sourcePort, targetPort as udp_targetPort, lengthBytes as udp_lengthBytes,
  checksum as udp_checksum, setSourcePort as udp_setSourcePort, setTargetPort as udp_setTargetPort, setLengthBytes as udp_setLengthBytes,
  setChecksum as udp_setChecksum, updateChecksum as udp_updateChecksum, hasValidChecksum as udp_hasValidChecksum,
} from "../../assembly/wire/udp";
export {
  sum as checksum_sum, pseudoHeader4 as checksum_pseudoHeader4, pseudoHeader6 as checksum_pseudoHeader6, fold as checksum_fold,
  finish as checksum_finish, finishNonZero as checksum_finishNonZero, verify as checksum_verify, update16 as checksum_update16,
  update32Be as checksum_update32Be, update as checksum_update, updatePartial as checksum_updatePartial, complete as checksum_complete,
} from "../../assembly/wire/checksum";
export {
  HEADER_BYTES as virtioNet_HEADER_BYTES, NEEDS_CHECKSUM as virtioNet_NEEDS_CHECKSUM, DATA_VALID as virtioNet_DATA_VALID,
  GSO_NONE as virtioNet_GSO_NONE, GSO_TCPV4 as virtioNet_GSO_TCPV4, GSO_UDP as virtioNet_GSO_UDP, GSO_TCPV6 as virtioNet_GSO_TCPV6,
  GSO_UDP_L4 as virtioNet_GSO_UDP_L4, GSO_ECN as virtioNet_GSO_ECN, isValid as virtioNet_isValid, flags as virtioNet_flags,
  needsChecksum as virtioNet_needsChecksum, gsoType as virtioNet_gsoType, hasEcn as virtioNet_hasEcn, isPlain as virtioNet_isPlain, isEmpty as virtioNet_isEmpty,
  headerBytes as virtioNet_headerBytes, segmentBytes as virtioNet_segmentBytes, checksumStart as virtioNet_checksumStart,
  checksumOffset as virtioNet_checksumOffset, setFlags as virtioNet_setFlags, setGsoType as virtioNet_setGsoType,
  setHeaderBytes as virtioNet_setHeaderBytes, setSegmentBytes as virtioNet_setSegmentBytes,
  setChecksumStart as virtioNet_setChecksumStart, setChecksumOffset as virtioNet_setChecksumOffset, clear as virtioNet_clear,
  copy as virtioNet_copy, shift as virtioNet_shift,
} from "../../assembly/wire/virtio-net";
