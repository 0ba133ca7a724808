/** Second step: which network the frame belongs to. An access port has one; on a trunk the outer tag names it and is taken
 *  out, so that behind this step a frame has the same form wherever it came from. */
import * as field from "../../abi/descriptor";
import * as reason from "../../abi/drop-reason";
import * as step from "../../abi/trace";
import * as view from "../../abi/worker-state";
import * as desc from "../../memory/descriptor";
import { TRACE, note } from "../../memory/trace";
import { viewOf } from "../../memory/worker";
import * as trunks from "../../tables/trunk-table";
import * as ethernet from "../../wire/ethernet";
import * as vlan from "../../wire/vlan";
import { popTag } from "../5-egress/tag";
import { parseLayers } from "./parse";

/** Verdict CONTINUE with NETWORK set, or DROP. */
export function classify(worker: usize, descriptor: usize): u32 {
  const port = viewOf(worker, desc.port(descriptor));
  if (load<u32>(port, view.VIEW_DESCRIPTOR) == 0) return desc.drop(descriptor, reason.PORT_ABSENT);
  const trunk = load<u32>(port, view.VIEW_TRUNK);
  if (trunk != 0) return classifyTrunk(descriptor, trunk - 1);
  desc.setNetwork(descriptor, load<u32>(port, view.VIEW_NETWORK));
  return field.CONTINUE;
}

function classifyTrunk(descriptor: usize, trunk: u32): u32 {
  const frame = desc.frame(descriptor);
  const tagged = vlan.isTag(ethernet.etherType(frame)) && desc.bytes(descriptor) >= ethernet.HEADER_BYTES + vlan.HEADER_BYTES;
  const vlanId = tagged ? vlan.vlanId(frame + ethernet.HEADER_BYTES) : 0;
  if (TRACE && tagged) note(step.TAG_OUT, 0, 0, vlanId);
  const network = trunks.networkOf(trunk, vlanId);
  if (network == 0) return desc.drop(descriptor, vlanId == 0 ? reason.VLAN_UNTAGGED : reason.VLAN_UNKNOWN);
  desc.setNetwork(descriptor, network);
  if (tagged) {
    popTag(descriptor);
    parseLayers(descriptor, desc.frame(descriptor), desc.bytes(descriptor));
  }
  return field.CONTINUE;
}
