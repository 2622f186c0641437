#ifndef CCRC32C_H
#define CCRC32C_H

#include <stddef.h>
#include <stdint.h>

/// CRC32C (Castagnoli; RFC 9260, appendix A) of `length` bytes, going on from `crc`: that of the bytes before, or 0.
uint32_t ccrc32c(uint32_t crc, const void *bytes, size_t length);

/// The same by tables alone: what processors without the instruction get, and what the other is tested against.
uint32_t ccrc32c_portable(uint32_t crc, const void *bytes, size_t length);

#endif
