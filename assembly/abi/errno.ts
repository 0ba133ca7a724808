/** Error numbers of Linux (asm-generic/errno.h; x86-64 and arm64 agree) that the engine tells apart. */
export const EIO = 5;
export const ENXIO = 6;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const ENODEV = 19;
export const EBADFD = 77;
export const ENETDOWN = 100;
export const ENOBUFS = 105;
export const ECANCELED = 125;
