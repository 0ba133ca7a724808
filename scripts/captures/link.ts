/** Frames that are about the link: ARP in every form, tags, control protocols, sources that no station may have. */
import { bytes, hex, ramp, u16 } from "../../test/support/packet/bytes.ts";
import * as frame from "../../test/support/packet/ethernet.ts";
import { UDP, ipv4 } from "../../test/support/packet/ip.ts";
import { udp } from "../../test/support/packet/transport.ts";

const { ethernet, padded, station, tagged } = frame;
const ends = { source: "10.1.0.1", destination: "10.1.0.2" };

/** A UDP datagram from station 1 to station 2 with `length` bytes of data. */
export function datagram(length: number, destination = station(2), source = station(1)): Uint8Array {
  const content = udp(ends, { sourcePort: 5000, targetPort: 5001 }, ramp(length));
  return ethernet(destination, source, frame.TYPE_IPV4, ipv4({ ...ends, protocol: UDP }, content));
}

export function arps(): Uint8Array[] {
  const one = { senderMac: station(1), senderAddress: "10.1.0.1" };
  const send = (content: Uint8Array, destination = frame.BROADCAST, type = frame.TYPE_ARP): Uint8Array =>
    padded(ethernet(destination, station(1), type, content));
  const request = frame.arp({ operation: 1, ...one, targetAddress: "10.1.0.2" });
  return [
    send(request),
    send(frame.arp({ operation: 2, ...one, targetMac: station(2), targetAddress: "10.1.0.2" }), station(2)),
    send(frame.arp({ operation: 1, ...one, targetAddress: "10.1.0.1" })),
    send(frame.arp({ operation: 2, ...one, targetMac: frame.BROADCAST, targetAddress: "10.1.0.1" })),
    send(frame.arp({ operation: 1, ...one, senderAddress: "0.0.0.0", targetAddress: "10.1.0.7" })),
    send(frame.arp({ operation: 1, ...one, senderMac: station(9), targetAddress: "10.1.0.2" })),
    send(frame.arp({ operation: 3, ...one, targetAddress: "0.0.0.0" }), frame.BROADCAST, frame.TYPE_RARP),
    send(frame.arp({ operation: 77, ...one, targetAddress: "10.1.0.2" })),
    send(request.with(4, 255)),
    send(request.with(5, 16)),
    send(request.with(1, 6)),
    ethernet(frame.BROADCAST, station(1), frame.TYPE_ARP, request.subarray(0, 27)),
    ethernet(frame.BROADCAST, station(1), frame.TYPE_ARP),
  ];
}

export function tags(): Uint8Array[] {
  const plain = datagram(40);
  const outer = { id: 100, type: frame.TYPE_QINQ };
  const deep = Array.from({ length: 8 }, (_, index) => ({ id: index + 1 }));
  return [
    tagged(plain, { id: 10 }),
    tagged(plain, { id: 20, priority: 7 }),
    tagged(plain, { id: 0, priority: 5 }),
    tagged(plain, { id: 4095 }),
    tagged(plain, { id: 4094 }),
    tagged(plain, outer, { id: 10 }),
    tagged(plain, { id: 10 }, { id: 10 }),
    tagged(plain, { id: 100, type: 0x9100 }, { id: 3 }),
    tagged(plain, outer, { id: 10 }, { id: 11 }),
    tagged(plain, ...deep),
    tagged(plain, { id: 10 }).subarray(0, 18),
    tagged(plain, { id: 10 }).subarray(0, 16),
    tagged(plain, { id: 10 }).subarray(0, 15),
    tagged(plain, outer, { id: 10 }).subarray(0, 20),
    tagged(arps()[0] ?? plain, { id: 10 }),
  ];
}

/** Every reserved group address, their neighbours, and what is really sent to some of them. */
export function groups(): Uint8Array[] {
  const reserved = Array.from({ length: 18 }, (_, last) => hex("0180c2000000").with(5, last));
  const address = (group: Uint8Array): string => Buffer.from(group).toString("hex");
  const hello = bytes(0x42, 0x42, 3, u16(0), 0, 0, 0, ramp(31));
  const discovery = bytes(hex("0207 04 020000000001 0403 05 6574 0602 0078 0000"));
  return [
    ...reserved.map((group) => padded(ethernet(address(group), station(1), frame.TYPE_EXPERIMENT, ramp(46)))),
    padded(ethernet("01:80:c2:00:00:00", station(1), hello.length, hello)),
    padded(ethernet("01:80:c2:00:00:0e", station(1), frame.TYPE_LLDP, discovery)),
    padded(ethernet("01:80:c2:00:00:02", station(1), frame.TYPE_SLOW, 1, 1, ramp(108))),
    padded(ethernet("01:80:c2:00:00:21", station(1), frame.TYPE_EXPERIMENT, ramp(46))),
    padded(ethernet("01:00:0c:cc:cc:cc", station(1), 0x22, bytes(0xaa, 0xaa, 3, 0, 0, 0x0c, u16(0x2000), ramp(26)))),
    tagged(padded(ethernet("01:80:c2:00:00:00", station(1), hello.length, hello)), { id: 10 }),
  ];
}

/** Sources that are no station's address, and destinations that are odd but allowed. */
export function sources(): Uint8Array[] {
  const none = "00:00:00:00:00:00";
  return [
    datagram(20, station(2), none),
    datagram(20, station(2), frame.BROADCAST),
    datagram(20, station(2), "01:00:5e:00:00:01"),
    datagram(20, station(2), "33:33:00:00:00:01"),
    datagram(20, frame.BROADCAST, none),
    datagram(20, "01:80:c2:00:00:00", none),
    datagram(20, "01:80:c2:00:00:0e", "01:00:5e:00:00:01"),
    datagram(20, none, station(1)),
    datagram(20, station(1), station(1)),
    datagram(20, frame.BROADCAST, station(1)),
    datagram(20, "01:00:5e:7f:ff:fa", station(1)),
    datagram(20, "33:33:00:00:00:fb", station(1)),
    datagram(20, "00:00:00:00:00:01", "00:00:00:00:00:02"),
  ];
}
