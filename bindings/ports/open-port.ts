/** A device that was opened for a port: the descriptor that frames go through, what may stand behind their virtio-net
 *  headers, and how to undo what was done to the system. Opened by the agent, handed to the forwarder. */
export interface OpenPort {
  kind: "tap" | "packet" | "host";
  /** Of the port. */
  name: string;
  /** Non-blocking. */
  descriptor: number;
  /** Frames are behind a 10-byte virtio-net header. */
  vnet: boolean;
  /** It takes partial checksums, TCP super-frames, UDP super-frames, each IPv4 and IPv6. */
  checksum: boolean;
  tso: boolean;
  uso: boolean;
  /** VLAN tags come in ancillary data: read with recvmsg. */
  auxdata: boolean;
  /** MAC of the station at the other end; null where that is not known. */
  mac: string | null;
  /** Largest IP packet in bytes. */
  mtu: number;
  /** What the kernel calls the device now. */
  interface: string;
  /** Path of the network namespace that it was moved to; null for the host's. */
  namespace: string | null;
  /** Inode of the namespace that the descriptor itself keeps, because it was opened in there; null where it keeps none, and
   *  reads EBADFD when the namespace is gone. */
  pins: number | null;
  /** The device stays in its container when the engine ends, and goes when the port is removed. */
  outlives: boolean;
  /** What the end of a packet port puts back on its interface (RESTORE_* of abi/port.ts). */
  restore: number;
  /** Closes the descriptor and leaves the device as it is, for somebody else who has a copy. */
  leave(): void;
  /** Closes the descriptor and removes or restores the device. Called again, or when the device is gone, it does nothing.
   *  The forwarder's copy of the descriptor is its own to close. */
  close(): Promise<void>;
}

/** `action`, done at the first call only; later calls wait for the same end. */
export function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null;
  return () => {
    done ??= action();
    return done;
  };
}
