/** True in debug builds: `if (CHECKS) assert(...)` leaves nothing behind in a release. */
export const CHECKS: bool = !ASC_NO_ASSERT;
