/** The switch as one would explain it, over the model of its MAC table: for each frame what leaves where, or which port counts
 *  a drop for which reason. Ports are access ports or trunks; nothing is bound, answered, checked or segmented here.       */
import * as reason from "../../../assembly/abi/drop-reason.ts";
import { bytes } from "../../support/packet/bytes.ts";
import { tagged } from "../../support/packet/ethernet.ts";
import { MacModel } from "./mac-model.ts";

export interface ModelPort {
  generation: number;
  isUp: boolean;
  mtu: number;
  macLimit: number;
  /** Of an access port, 0 of a trunk. */
  network: number;
  /** Of a trunk: VLAN to network. */
  vlans: Map<number, number> | null;
  /** Of a trunk: the network of untagged frames, or 0. */
  native: number;
}
export interface ModelNetwork {
  learning: boolean;
  macAgeSeconds: number;
}
export interface Result {
  outputs: { port: number; frame: Uint8Array }[];
  drops: { port: number; reason: number }[];
}

const TAG_TYPES = [0x8100, 0x88a8, 0x9100];

export class SwitchModel {
  readonly macs: MacModel;
  readonly ports = new Map<number, ModelPort>();
  readonly networks = new Map<number, ModelNetwork>();
  /** Ports that take nothing more. */
  readonly full = new Set<number>();
  flooded = 0;
  nowSeconds = 0;

  constructor(macLimit: number) {
    this.macs = new MacModel(macLimit);
  }

  members(network: number): number[] {
    return [...this.ports.keys()].filter((port) => this.isMember(network, port)).sort((a, b) => a - b);
  }
  private isMember(network: number, port: number): boolean {
    const each = this.ports.get(port);
    return (
      each !== undefined && (each.network === network || each.native === network || [...(each.vlans?.values() ?? [])].includes(network))
    );
  }

  receive(port: number, frame: Uint8Array): Result {
    const refused = this.refusal(frame);
    if (refused !== 0) return dropAt(port, refused);
    const own = this.ports.get(port);
    if (!own?.isUp) return dropAt(port, reason.PORT_ABSENT);
    const { network, inner, why } = this.classify(own, frame);
    return why === 0 ? this.forward(port, own, network, inner) : dropAt(port, why);
  }

  private refusal(frame: Uint8Array): number {
    if (frame.length < 14) return reason.RUNT;
    const [destination, source] = [macOf(frame, 0), macOf(frame, 6)];
    if (isGroup(source)) return reason.MULTICAST_SOURCE;
    if (source === "00:00:00:00:00:00") return reason.ZERO_SOURCE;
    return /^01:80:c2:00:00:0.$/.test(destination) ? reason.RESERVED_GROUP : 0;
  }

  private classify(own: ModelPort, frame: Uint8Array): { network: number; inner: Uint8Array; why: number } {
    if (own.vlans === null) return { network: own.network, inner: frame, why: 0 };
    const hasTag = isTagged(frame) && frame.length >= 18;
    const vlan = hasTag ? (((frame[14] ?? 0) & 15) << 8) | (frame[15] ?? 0) : 0;
    const network = vlan === 0 ? own.native : (own.vlans.get(vlan) ?? 0);
    const why = network !== 0 ? 0 : vlan === 0 ? reason.VLAN_UNTAGGED : reason.VLAN_UNKNOWN;
    return { network, inner: hasTag ? bytes(frame.subarray(0, 12), frame.subarray(16)) : frame, why };
  }

  private forward(port: number, own: ModelPort, network: number, frame: Uint8Array): Result {
    const { generation, macLimit: portLimit } = own;
    const sighting = { network, mac: macOf(frame, 6), port, generation, portLimit, nowSeconds: this.nowSeconds };
    if (this.networks.get(network)?.learning) this.macs.learn(sighting);
    const destination = macOf(frame, 0);
    const entry = isGroup(destination) ? undefined : this.macs.find(network, destination);
    if (entry === undefined || this.ports.get(entry.port)?.generation !== entry.generation) return this.flood(port, network, frame);
    return entry.port === port ? dropAt(port, reason.SAME_PORT) : this.leave(entry.port, network, frame);
  }

  private flood(port: number, network: number, frame: Uint8Array): Result {
    this.flooded++;
    const others = this.members(network).filter((member) => member !== port);
    if (others.length === 0) return dropAt(port, reason.NO_OTHER_PORT);
    const results = others.map((other) => this.leave(other, network, frame));
    return { outputs: results.flatMap((result) => result.outputs), drops: results.flatMap((result) => result.drops) };
  }

  private leave(port: number, network: number, frame: Uint8Array): Result {
    const own = this.ports.get(port);
    if (!own?.isUp) return dropAt(port, reason.PORT_ABSENT);
    if (!this.isMember(network, port)) return dropAt(port, reason.NOT_A_MEMBER);
    if (frame.length > own.mtu + 18) return dropAt(port, reason.TOO_BIG);
    const vlan = own.vlans === null ? 0 : ([...own.vlans].find(([, each]) => each === network)?.[0] ?? 0);
    if (own.vlans !== null && vlan === 0 && isTagged(frame)) return dropAt(port, reason.VLAN_HOP);
    if (this.full.has(port)) return dropAt(port, reason.PORT_FULL);
    return { outputs: [{ port, frame: vlan === 0 ? frame : tagged(frame, { id: vlan }) }], drops: [] };
  }
}

function dropAt(port: number, why: number): Result {
  return { outputs: [], drops: [{ port, reason: why }] };
}
function macOf(frame: Uint8Array, at: number): string {
  return [...frame.subarray(at, at + 6)].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}
function isGroup(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}
function isTagged(frame: Uint8Array): boolean {
  return TAG_TYPES.includes(((frame[12] ?? 0) << 8) | (frame[13] ?? 0));
}
