/** Frames as Linux 6.18 put them on a veth pair between 02:00:00:00:00:0a (10.77.0.2, fd77::2) and
 *  02:00:00:00:00:0b (10.77.0.3, fd77::3), offloads off: every checksum in them is the kernel's, so that ours are compared
 *  with something else than themselves. Written header by header. */

/** Bytes of a hexadecimal text; blanks are for the reader. */
export function hex(...parts: string[]): Uint8Array {
  return Uint8Array.from(Buffer.from(parts.join("").replaceAll(" ", ""), "hex"));
}

/** `count` bytes of the payload 00 01 … c7 00 01 … that the fragmented datagrams carry, from its byte `from` on. */
function payload(from: number, count: number): string {
  return Buffer.from(Array.from({ length: count }, (_, index) => (from + index) % 200)).toString("hex");
}

/** Who has 10.77.0.3? Tell 10.77.0.2. */
export const arpRequest = hex("ffffffffffff 02000000000a 0806", "0001 0800 06 04 0001", "02000000000a 0a4d0002", "000000000000 0a4d0003");
/** 10.77.0.3 is at 02:00:00:00:00:0b. */
export const arpReply = hex("02000000000a 02000000000b 0806", "0001 0800 06 04 0002", "02000000000b 0a4d0003", "02000000000a 0a4d0002");
/** The request above in VLAN 10, priority 5. */
export const taggedArpRequest = hex(
  "ffffffffffff 02000000000a 8100",
  "a00a 0806",
  "0001 0800 06 04 0001",
  "02000000000a 0a4d0002",
  "000000000000 0a4d0003",
);

/** Echo request and its reply, identifier 1234, "portyard". */
export const pingRequest = hex(
  "02000000000b 02000000000a 0800",
  "45 00 0024 1bd7 4000 40 01 0a64 0a4d0002 0a4d0003",
  "08 00 1721 1234 0001 706f727479617264",
);
export const pingReply = hex(
  "02000000000a 02000000000b 0800",
  "45 00 0024 7da6 0000 40 01 e894 0a4d0003 0a4d0002",
  "00 00 1f21 1234 0001 706f727479617264",
);
export const ping6Request = hex(
  "02000000000b 02000000000a 86dd",
  "600eef53 0010 3a 40 fd770000000000000000000000000002 fd770000000000000000000000000003",
  "80 00 a3e1 1234 0001 706f727479617264",
);
export const ping6Reply = hex(
  "02000000000a 02000000000b 86dd",
  "60014d63 0010 3a 40 fd770000000000000000000000000003 fd770000000000000000000000000002",
  "81 00 a2e1 1234 0001 706f727479617264",
);

/** Duplicate address detection: from `::`, is fd77::2 taken? With a nonce option. */
export const duplicateAddressDetection = hex(
  "3333ff000002 02000000000a 86dd",
  "60000000 0020 3a ff 00000000000000000000000000000000 ff0200000000000000000001ff000002",
  "87 00 dcc6 00000000 fd770000000000000000000000000002",
  "0e 01 8030915780d4",
);
/** Who has fd77::3? With the sender's address. */
export const neighbourSolicitation = hex(
  "3333ff000003 02000000000a 86dd",
  "60000000 0020 3a ff fd770000000000000000000000000002 ff0200000000000000000001ff000003",
  "87 00 7c9d 00000000 fd770000000000000000000000000003",
  "01 01 02000000000a",
);
/** Flags: solicited, override. */
export const neighbourAdvertisement = hex(
  "02000000000a 02000000000b 86dd",
  "60000000 0020 3a ff fd770000000000000000000000000003 fd770000000000000000000000000002",
  "88 00 1b29 60000000 fd770000000000000000000000000003",
  "02 01 02000000000b",
);
export const routerSolicitation = hex(
  "333300000002 02000000000a 86dd",
  "60000000 0010 3a ff fe80000000000000000000fffe00000a ff020000000000000000000000000002",
  "85 00 7b1a 00000000",
  "01 01 02000000000a",
);
/** MLDv2 report behind a hop-by-hop header with a router alert. */
export const multicastReport = hex(
  "333300000016 02000000000a 86dd",
  "60000000 0038 00 01 fe80000000000000000000fffe00000a ff020000000000000000000000000016",
  "3a 00 0502 0000 0100",
  "8f 00 6fd9 0000 0002",
  "04000000 ff0200000000000000000001ff000002",
  "04000000 ff0200000000000000000001ff00000a",
);

/** "hello" to port 5353. */
export const udp4 = hex(
  "02000000000b 02000000000a 0800",
  "45 00 0021 1e4a 4000 40 11 07e4 0a4d0002 0a4d0003",
  "8eb5 14e9 000d 03c5 68656c6c6f",
);
export const udp6 = hex(
  "02000000000b 02000000000a 86dd",
  "60055250 000d 11 40 fd770000000000000000000000000002 fd770000000000000000000000000003",
  "cd43 14e9 000d dee0 68656c6c6f",
);
/** "hi" behind a hop-by-hop header (router alert) and destination options (padding). */
export const udp6WithOptions = hex(
  "02000000000b 02000000000a 86dd",
  "60018a59 001a 00 40 fd770000000000000000000000000002 fd770000000000000000000000000003",
  "3c 00 0502 0000 0100",
  "11 00 0104 00000000",
  "bfbb 14e9 000a c7d7 6869",
);

/** A datagram of 1,600 bytes in two fragments. */
export const fragment4First = hex(
  "02000000000b 02000000000a 0800",
  "45 00 05dc 1e49 2000 40 11 222a 0a4d0002 0a4d0003",
  "c84b 14e9 0648 67d4",
  payload(0, 1472),
);
export const fragment4Last = hex("02000000000b 02000000000a 0800", "45 00 0094 1e49 00b9 40 11 46b9 0a4d0002 0a4d0003", payload(1472, 128));
export const fragment6First = hex(
  "02000000000b 02000000000a 86dd",
  "600c99f4 05b0 2c 40 fd770000000000000000000000000002 fd770000000000000000000000000003",
  "11 00 0001 21860219",
  "d0f9 14e9 0648 78d0",
  payload(0, 1440),
);
export const fragment6Last = hex(
  "02000000000b 02000000000a 86dd",
  "600c99f4 00a8 2c 40 fd770000000000000000000000000002 fd770000000000000000000000000003",
  "11 00 05a8 21860219",
  payload(1440, 160),
);

/** The first three segments of a connection from port 45108 to port 80, then one with data. */
export const tcpSyn = hex(
  "02000000000b 02000000000a 0800",
  "45 00 003c f1bc 4000 40 06 3461 0a4d0002 0a4d0003",
  "b034 0050 aa9810b4 00000000 a002 faf0 43d2 0000",
  "020405b4 0402 080ae894a03500000000 01 03030a",
);
export const tcpSynAck = hex(
  "02000000000a 02000000000b 0800",
  "45 00 003c 0000 4000 40 06 261e 0a4d0003 0a4d0002",
  "0050 b034 91de2d16 aa9810b5 a012 fe88 698e 0000",
  "020405b4 0402 080ac8424f63e894a035 01 03030a",
);
export const tcpAck = hex(
  "02000000000b 02000000000a 0800",
  "45 00 0034 f1bd 4000 40 06 3468 0a4d0002 0a4d0003",
  "b034 0050 aa9810b5 91de2d17 8010 003f 96a7 0000",
  "0101 080ae894a035c8424f63",
);
export const tcpData = hex(
  "02000000000b 02000000000a 0800",
  "45 00 0046 f1be 4000 40 06 3455 0a4d0002 0a4d0003",
  "b034 0050 aa9810b5 91de2d17 8018 003f b7ed 0000",
  "0101 080ae894a035c8424f63",
  "474554202f20485454502f312e300d0a0d0a",
);
export const tcp6Data = hex(
  "02000000000b 02000000000a 86dd",
  "60014a1c 0032 06 40 fd770000000000000000000000000002 fd770000000000000000000000000003",
  "8a1e 0050 cb579875 ff77699a 8018 0040 fb94 0000",
  "0101 080a9a81f9edebd0c9ab",
  "474554202f20485454502f312e300d0a0d0a",
);

/** All of them, by name. */
export const frames: Record<string, Uint8Array> = {
  arpRequest,
  arpReply,
  taggedArpRequest,
  pingRequest,
  pingReply,
  ping6Request,
  ping6Reply,
  duplicateAddressDetection,
  neighbourSolicitation,
  neighbourAdvertisement,
  routerSolicitation,
  multicastReport,
  udp4,
  udp6,
  udp6WithOptions,
  fragment4First,
  fragment4Last,
  fragment6First,
  fragment6Last,
  tcpSyn,
  tcpSynAck,
  tcpAck,
  tcpData,
  tcp6Data,
};
