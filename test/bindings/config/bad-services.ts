/** Services of a configuration with every key in it, and each key of theirs wrong in turn: rows of the table in bad-field.test.ts. */

/** Keys from the top of the configuration. */
export type Place = (string | number)[];

/** A value that is wrong at its place, and how that is told. */
export interface Row {
  place: Place;
  value: unknown;
  path?: string;
  says: RegExp;
}

/** With every key, right. */
export const goodServices = (): object[] => [
  {
    name: "web",
    network: "blue",
    address: ["10.77.0.100", "fd77::100"],
    ports: [
      { protocol: "tcp", port: 80, targetPort: 8080 },
      { protocol: "udp", port: "8000-8010" },
    ],
    algorithm: "least-load",
    backends: [{ name: "web-1", address: "10.77.0.3", weight: 3, maxFlows: 100 }, { address: "fd77::3" }],
    affinitySeconds: 60,
    slowStartSeconds: 30,
    ejection: { failures: 5, seconds: 30, maxSeconds: 300, share: 0.1 },
    panicShare: 0.5,
  },
  {
    name: "db",
    network: "blue",
    address: "10.77.0.101",
    ports: [{ protocol: "tcp", port: 5432 }],
    backends: [{ address: "10.77.0.3", port: 5433 }],
  },
  { name: "names", network: "green", backends: [{ address: "192.0.2.1", port: 53 }] },
];

const web = (...place: Place): Place => ["services", 0, ...place];
const port = { protocol: "tcp", port: 80 };

/** Of `goodServices`, beside the networks blue and green. */
export const badServices: Row[] = [
  { place: ["services"], value: { name: "web" }, says: /must be a list of up to 1023/ },
  { place: ["services", 0], value: "web", says: /is "web"; it must be an object/ },
  { place: web("name"), value: undefined, says: /is missing; it must be a label/ },
  { place: web("name"), value: "my_service", says: /must be a label/ },
  { place: ["services", 1, "name"], value: "web", says: /is "web", which another service has/ },
  { place: web("network"), value: undefined, says: /is missing/ },
  { place: web("network"), value: "Blue", says: /must be a label/ },
  { place: web("network"), value: "red", says: /names "red", which is not a network/ },
  { place: web("address"), value: "10.77.0.100/24", says: /must be an address of the subnet/ },
  { place: web("address"), value: "web.example", says: /must be an address of the subnet/ },
  { place: web("address"), value: [], says: /must be an address of the subnet/ },
  { place: web("address"), value: ["10.77.0.100", "ff02::1"], path: "services[0].address[1]", says: /without prefix length/ },
  { place: web("address"), value: ["10.77.0.100", "10.77.0.102"], says: /has two addresses of IPv4/ },
  { place: web("address"), value: ["10.77.0.100", "10.77.0.100"], says: /has two addresses of IPv4/ },
  { place: web("address"), value: "10.78.0.100", says: /is 10\.78\.0\.100, which is not in network blue \(10\.77\.0\.0\/24, fd77::\/64\)/ },
  { place: web("network"), value: "green", path: "services[0].address", says: /network green, which has no subnet/ },
  { place: web("address"), value: "10.77.0.0", says: /the network address of 10\.77\.0\.0\/24/ },
  { place: web("address"), value: "10.77.0.255", says: /the broadcast address of 10\.77\.0\.0\/24/ },
  { place: web("address"), value: "fd77::", says: /the subnet-router anycast address of fd77::\/64/ },
  { place: web("address"), value: ["10.77.0.1", "fd77::100"], says: /is 10\.77\.0\.1, the gateway of network blue/ },
  { place: web("address"), value: ["10.77.0.2", "fd77::100"], says: /is 10\.77\.0\.2, which port a has/ },
  { place: ["services", 1, "address"], value: "10.77.0.100", says: /is 10\.77\.0\.100, which service web has/ },
  { place: web("address"), value: undefined, path: "services[0].ports", says: /stand without `address`/ },
  { place: web("ports"), value: undefined, says: /are missing: the service has an address/ },
  { place: web("ports"), value: [], says: /are missing: the service has an address/ },
  { place: web("ports"), value: 80, says: /must be a list of up to 32 ports/ },
  { place: web("ports"), value: Array.from({ length: 33 }, (_, index) => ({ ...port, port: index + 1 })), says: /up to 32 ports/ },
  { place: web("ports", 0), value: 80, says: /is 80; it must be an object/ },
  { place: web("ports", 0, "protocol"), value: undefined, says: /is missing; it must be tcp or udp/ },
  { place: web("ports", 0, "protocol"), value: "sctp", says: /must be tcp or udp/ },
  { place: web("ports", 0, "port"), value: undefined, says: /is missing; it must be a whole number/ },
  { place: web("ports", 0, "port"), value: 0, says: /from 1 to 65535, or ports in a row/ },
  { place: web("ports", 0, "port"), value: 65536, says: /from 1 to 65535/ },
  { place: web("ports", 0, "port"), value: "8010-8000", says: /is "8010-8000"; it must be/ },
  { place: web("ports", 0, "port"), value: "80-65536", says: /it must be/ },
  { place: web("ports", 0, "port"), value: "http", says: /it must be/ },
  { place: web("ports", 0, "targetPort"), value: 0, says: /from 1 to 65535/ },
  { place: web("ports", 1, "targetPort"), value: 65530, says: /is 65530, and 8000-8010\/udp would lead to ports up to 65540/ },
  { place: web("ports", 0, "target"), value: 80, says: /is not a key/ },
  { place: web("ports"), value: [port, port], path: "services[0].ports[1].port", says: /is 80\/tcp, which is in 80\/tcp before it/ },
  {
    place: web("ports"),
    value: [port, { ...port, port: "70-80" }],
    path: "services[0].ports[1].port",
    says: /is 70-80\/tcp, which overlaps 80\/tcp before it/,
  },
  { place: web("algorithm"), value: "fastest", says: /must be one of round-robin/ },
  { place: web("backends"), value: undefined, says: /is missing; it must be a list of up to 16384/ },
  { place: web("backends", 0), value: "10.77.0.3", says: /must be an object/ },
  { place: web("backends", 0, "name"), value: "", says: /a text of 1-253/ },
  { place: web("backends", 1, "name"), value: "web-1", says: /is "web-1", as backends\[0\] is/ },
  { place: web("backends", 1), value: { address: "10.77.0.3", name: "web-1" }, path: "services[0].backends[1].name", says: /web-1/ },
  {
    place: web("backends"),
    value: [{ address: "10.77.0.3" }, { address: "10.77.0.3" }],
    path: "services[0].backends[1].address",
    says: /is "10\.77\.0\.3", as backends\[0\] is/,
  },
  { place: web("backends", 0, "address"), value: undefined, says: /is missing; it must be an address/ },
  { place: web("backends", 0, "address"), value: "10.77.0.3/24", says: /must be an address without prefix length/ },
  { place: web("backends", 0, "address"), value: "127.0.0.1", says: /which no frame of network blue reaches/ },
  { place: web("backends", 0, "address"), value: "10.77.0.255", says: /the broadcast address/ },
  { place: web("backends", 0, "address"), value: "10.77.0.100", says: /the service's own virtual address/ },
  { place: ["services", 1, "backends", 0, "address"], value: "10.77.0.100", says: /which service web has/ },
  {
    place: web("backends", 0, "address"),
    value: "10.77.0.101",
    path: "services[1].address",
    says: /the address of a backend of service web/,
  },
  { place: ["services", 1, "backends", 0, "address"], value: "fd77::3", says: /and the service has no IPv6 address/ },
  { place: web("backends", 0, "port"), value: 8080, says: /is 8080, and the service has 2 ports/ },
  { place: ["services", 1, "ports", 0, "port"], value: "1-9", path: "services[1].backends[0].port", says: /has ports in a row/ },
  { place: web("backends", 0, "weight"), value: 65536, says: /from 0 to 65535/ },
  { place: web("backends", 0, "maxFlows"), value: 0, says: /from 1 to 1000000/ },
  { place: web("backends", 0, "colour"), value: "blue", says: /is not a key/ },
  { place: web("affinitySeconds"), value: -1, says: /from 0 to 86400/ },
  { place: web("slowStartSeconds"), value: 86401, says: /from 0 to 86400/ },
  { place: web("ejection"), value: true, says: /must be an object such as .*, or false/ },
  { place: web("ejection", "failures"), value: 0, says: /from 1 to/ },
  { place: web("ejection", "seconds"), value: 0, says: /from 1 to 86400/ },
  { place: web("ejection", "maxSeconds"), value: 0, says: /from 1 to 86400/ },
  { place: web("ejection", "share"), value: 2, says: /a number from 0 to 1/ },
  { place: web("ejection", "time"), value: 2, says: /is not a key/ },
  { place: web("panicShare"), value: 1.5, says: /a number from 0 to 1/ },
  { place: web("colour"), value: "blue", says: /is not a key/ },
];
