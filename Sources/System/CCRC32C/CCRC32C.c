#include "CCRC32C.h"
#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#define HARDWARE __attribute__((target("sse4.2")))
#define STEP8(crc, word) ((uint32_t)_mm_crc32_u64((crc), (word)))
#define STEP1(crc, byte) _mm_crc32_u8((crc), (byte))
static int hardware_present(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("sse4.2");
}
#elif defined(__aarch64__) && defined(__linux__)
#include <arm_acle.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>
#define HARDWARE __attribute__((target("crc")))
#define STEP8(crc, word) __crc32cd((crc), (word))
#define STEP1(crc, byte) __crc32cb((crc), (byte))
static int hardware_present(void) { return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0; }
#endif

/// The polynomial, bits reversed.
static const uint32_t polynomial = 0x82F63B78;

/// table[k][b]: the remainder of byte b followed by k zero bytes.
static uint32_t table[8][256];

static uint32_t remainder_of(uint32_t byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) ? polynomial : 0);
    return crc;
}

/// The instruction takes three cycles and can begin in each, so three lanes of this many bytes go side by side.
enum { lane = 1024 };

/// shift[k][b]: the state that byte b, at place k of the state, comes to behind `lane` zero bytes.
static uint32_t shift[4][256];

static uint32_t behind_zeros(uint32_t crc) {
    for (int zeros = 0; zeros < lane; zeros++) crc = (crc >> 8) ^ table[0][crc & 0xFF];
    return crc;
}

/// The state is linear: that of a byte is the sum of those of its bits.
static void fill_shift(void) {
    for (int place = 0; place < 4; place++) {
        for (int bit = 0; bit < 8; bit++) {
            uint32_t half = 1u << bit, state = behind_zeros(half << (8 * place));
            for (uint32_t byte = 0; byte < half; byte++) shift[place][half + byte] = shift[place][byte] ^ state;
        }
    }
}

/// Before main, hence before any thread: nothing later writes what is shared.
__attribute__((constructor)) static void fill_tables(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = remainder_of(byte);
        table[0][byte] = crc;
        for (int zeros = 1; zeros < 8; zeros++) {
            crc = (crc >> 8) ^ remainder_of(crc & 0xFF);
            table[zeros][byte] = crc;
        }
    }
    fill_shift();
}

/// Eight bytes, the first in the lowest bits whatever the machine's order.
static uint64_t load(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static uint32_t step8(uint32_t crc, uint64_t word) {
    word ^= crc;
    crc = 0;
    for (int place = 0; place < 8; place++) crc ^= table[7 - place][(word >> (8 * place)) & 0xFF];
    return crc;
}

uint32_t ccrc32c_portable(uint32_t crc, const void *bytes, size_t length) {
    const uint8_t *next = bytes;
    crc = ~crc;
    for (; length >= 8; next += 8, length -= 8) crc = step8(crc, load(next));
    for (; length > 0; next++, length--) crc = (crc >> 8) ^ table[0][(crc ^ *next) & 0xFF];
    return ~crc;
}

#ifdef HARDWARE
/// The state `crc` behind `lane` bytes that by themselves, from zero, come to `next`.
static uint32_t joined(uint32_t crc, uint32_t next) {
    return shift[0][crc & 0xFF] ^ shift[1][crc >> 8 & 0xFF] ^ shift[2][crc >> 16 & 0xFF] ^ shift[3][crc >> 24] ^ next;
}

HARDWARE static uint32_t by_instruction(uint32_t crc, const void *bytes, size_t length) {
    const uint8_t *next = bytes;
    crc = ~crc;
    for (; length >= 3 * lane; next += 3 * lane, length -= 3 * lane) {
        uint32_t second = 0, third = 0;
        for (const uint8_t *word = next; word < next + lane; word += 8) {
            crc = STEP8(crc, load(word));
            second = STEP8(second, load(word + lane));
            third = STEP8(third, load(word + 2 * lane));
        }
        crc = joined(joined(crc, second), third);
    }
    for (; length >= 8; next += 8, length -= 8) crc = STEP8(crc, load(next));
    for (; length > 0; next++, length--) crc = STEP1(crc, *next);
    return ~crc;
}

static int has_instruction;
__attribute__((constructor)) static void look_for_instruction(void) { has_instruction = hardware_present(); }
#endif

uint32_t ccrc32c(uint32_t crc, const void *bytes, size_t length) {
#ifdef HARDWARE
    if (has_instruction) return by_instruction(crc, bytes, length);
#endif
    return ccrc32c_portable(crc, bytes, length);
}
