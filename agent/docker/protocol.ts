/** The calls of Docker's plugin protocol as they come in (moby: daemon/libnetwork/drivers/remote/api, ipams/remote/api). Docker leaves
 *  out what is empty, or writes null or "": all three are the same here. What a later Docker adds is ignored. */
import { z } from "zod";

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? "");
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
const options = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) => value ?? {});
const id = z.string().min(1);

/** Addresses of a network, of one family: prefix, gateway and those that are kept back, each in CIDR notation. */
const ipamData = z.object({
  AddressSpace: text,
  Pool: text,
  Gateway: text,
  AuxAddresses: options,
});
const ipamList = z
  .array(ipamData)
  .nullish()
  .transform((value) => value ?? []);

export const createNetwork = z.object({ NetworkID: id, Options: options, IPv4Data: ipamList, IPv6Data: ipamList });
export const networkCall = z.object({ NetworkID: id });
export const createEndpoint = z.object({
  NetworkID: id,
  EndpointID: id,
  Interface: z
    .object({ Address: text, AddressIPv6: text, MacAddress: text })
    .nullish()
    .transform((value) => value ?? { Address: "", AddressIPv6: "", MacAddress: "" }),
  Options: options,
});
export const endpointCall = z.object({ NetworkID: id, EndpointID: id });
export const join = z.object({ NetworkID: id, EndpointID: id, SandboxKey: id, Options: options });
export const connectivity = z.object({ NetworkID: id, EndpointID: id, Options: options });

export const requestPool = z.object({ AddressSpace: text, Pool: text, SubPool: text, Options: options, V6: flag });
export const releasePool = z.object({ PoolID: text });
export const requestAddress = z.object({ PoolID: id, Address: text, Options: options });
export const releaseAddress = z.object({ PoolID: text, Address: text });

/** A port that is to be published: TCP is 6, UDP is 17 (IANA protocol numbers). HostPort 0 is any free one; up to HostPortEnd, one of
 *  those. HostIP "" is all addresses. */
export const portMap = z
  .array(
    z.object({
      Proto: z.int(),
      Port: z.int(),
      HostIP: text,
      HostPort: z
        .int()
        .nullish()
        .transform((value) => value ?? 0),
      HostPortEnd: z
        .int()
        .nullish()
        .transform((value) => value ?? 0),
    }),
  )
  .nullish()
  .transform((value) => value ?? []);

export type CreateNetwork = z.output<typeof createNetwork>;
export type CreateEndpoint = z.output<typeof createEndpoint>;
export type Join = z.output<typeof join>;
export type IpamData = z.output<typeof ipamData>;
export type PortMap = z.output<typeof portMap>;

/** Keys of Docker's options (moby: netlabel/labels.go). */
export const KEY = {
  generic: "com.docker.network.generic",
  internal: "com.docker.network.internal",
  mtu: "com.docker.network.driver.mtu",
  interfaceName: "com.docker.network.endpoint.ifname",
  mac: "com.docker.network.endpoint.macaddress",
  portMap: "com.docker.network.portmap",
  addressType: "RequestAddressType",
  gateway: "com.docker.network.gateway",
} as const;
