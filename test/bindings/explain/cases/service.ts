/** Packets to virtual addresses, of flows, and to backends: which one they get, what becomes of their ends, and what is said to those who get none. */
import type { Case } from "./case.ts";
import { flows, picks } from "./service-flows.ts";
import { neighbours, pieces, refusals } from "./service-refusals.ts";

export const serviceCases: Case[] = [...picks, ...flows, ...refusals, ...neighbours, ...pieces];
