/** What services cannot be. */
import { MAX_SERVICES } from "../../assembly/abi/limits.ts";
import { PortyardError } from "../error.ts";

/** Of another one. */
export function serviceExists(name: string): PortyardError {
  return new PortyardError("service-exists", `There is a service ${name} already.`, {
    value: name,
    remedy: "Choose another name, or change it.",
  });
}

/** @param known names of those that there are. */
export function serviceMissing(name: string, known: readonly string[]): PortyardError {
  return new PortyardError("service-missing", `There is no service ${name}.`, {
    value: name,
    remedy: `Known are: ${known.join(", ") || "none"}.`,
  });
}

/** None of that name. */
export function backendMissing(service: string, backend: string): PortyardError {
  return new PortyardError("backend-missing", `Service ${service} has no backend ${backend}.`, { path: "backend", value: backend });
}

/** Of a living service. */
export function notSettable(name: string): PortyardError {
  return new PortyardError("not-settable", `Service ${name} would have to be made anew to change network.`, {
    path: "network",
    value: name,
    remedy: "Remove it and add it again.",
  });
}

/** @param owner what the address is, of whom. */
export function addressTaken(address: string, owner: string): PortyardError {
  return new PortyardError("address-taken", `${address} is ${owner} already.`, {
    path: "addresses",
    value: address,
    remedy: "Give each service an address of its own.",
  });
}

/** Each virtual address has a record. */
export function servicesExhausted(name: string): PortyardError {
  return new PortyardError("services-exhausted", `An engine has room for ${MAX_SERVICES - 1} virtual addresses and services without one.`, {
    value: name,
    remedy: "Use fewer of them, or a second instance.",
  });
}
