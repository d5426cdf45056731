/*
 * crc_tables.c - polynomials, folding constants and tables of the three CRCs.
 *
 * All three are reflected: the lowest bit of a word is its highest power of x. Written out are the
 * remainders of x^width, x^(width+1), ... x^(width+63), eight a row; a table entry is the exclusive
 * or of those that its index selects, so that the compiler makes the tables. The folding constants
 * are the remainders of x^575, x^511 (by 64 bytes) and x^191, x^127 (by 16), left-aligned in 64
 * bits.
 */
#include "base/crc.h"

#define ENTRY(i, p7, p6, p5, p4, p3, p2, p1, p0)                                                   \
  (((i)&1 ? p0 : 0) ^ ((i)&2 ? p1 : 0) ^ ((i)&4 ? p2 : 0) ^ ((i)&8 ? p3 : 0) ^ ((i)&16 ? p4 : 0) ^ \
   ((i)&32 ? p5 : 0) ^ ((i)&64 ? p6 : 0) ^ ((i)&128 ? p7 : 0))
#define ENTRIES2(i, ...)   ENTRY(i, __VA_ARGS__), ENTRY((i) + 1, __VA_ARGS__)
#define ENTRIES4(i, ...)   ENTRIES2(i, __VA_ARGS__), ENTRIES2((i) + 2, __VA_ARGS__)
#define ENTRIES8(i, ...)   ENTRIES4(i, __VA_ARGS__), ENTRIES4((i) + 4, __VA_ARGS__)
#define ENTRIES16(i, ...)  ENTRIES8(i, __VA_ARGS__), ENTRIES8((i) + 8, __VA_ARGS__)
#define ENTRIES32(i, ...)  ENTRIES16(i, __VA_ARGS__), ENTRIES16((i) + 16, __VA_ARGS__)
#define ENTRIES64(i, ...)  ENTRIES32(i, __VA_ARGS__), ENTRIES32((i) + 32, __VA_ARGS__)
#define ENTRIES128(i, ...) ENTRIES64(i, __VA_ARGS__), ENTRIES64((i) + 64, __VA_ARGS__)
#define ROW(...)                                                                                   \
  { ENTRIES128(0, __VA_ARGS__), ENTRIES128(128, __VA_ARGS__) }

/* CRC-32 (ISO-HDLC) */
const struct tcx_crc tcx__crc_crc32 = {
    .width = 32,
    .poly = 0xedb88320u,
    .fold4 = {0x653d982200000000u, 0xcad38e8f00000000u},
    .fold1 = {0x65673b4600000000u, 0x9ba54c6f00000000u},
    .table = {ROW(0xedb88320u, 0x76dc4190u, 0x3b6e20c8u, 0x1db71064u, 0x0edb8832u, 0x076dc419u,
                  0xee0e612cu, 0x77073096u),
              ROW(0x3b83984bu, 0xf0794f05u, 0x958424a2u, 0x4ac21251u, 0xc8d98a08u, 0x646cc504u,
                  0x32366282u, 0x191b3141u),
              ROW(0xe1351b80u, 0x709a8dc0u, 0x384d46e0u, 0x1c26a370u, 0x0e1351b8u, 0x0709a8dcu,
                  0x0384d46eu, 0x01c26a37u),
              ROW(0xed59b63bu, 0x9b14583du, 0xa032af3eu, 0x5019579fu, 0xc5b428efu, 0x8f629757u,
                  0xaa09c88bu, 0xb8bc6765u),
              ROW(0xb1e6b092u, 0x58f35849u, 0xc1c12f04u, 0x60e09782u, 0x30704bc1u, 0xf580a6c0u,
                  0x7ac05360u, 0x3d6029b0u),
              ROW(0x1eb014d8u, 0x0f580a6cu, 0x07ac0536u, 0x03d6029bu, 0xec53826du, 0x9b914216u,
                  0x4dc8a10bu, 0xcb5cd3a5u),
              ROW(0x8816eaf2u, 0x440b7579u, 0xcfbd399cu, 0x67de9cceu, 0x33ef4e67u, 0xf44f2413u,
                  0x979f1129u, 0xa6770bb4u),
              ROW(0x533b85dau, 0x299dc2edu, 0xf9766256u, 0x7cbb312bu, 0xd3e51bb5u, 0x844a0efau,
                  0x4225077du, 0xccaa009eu)}};

/* CRC-32C (Castagnoli) */
const struct tcx_crc tcx__crc_crc32c = {
    .width = 32,
    .poly = 0x82f63b78u,
    .fold4 = {0x1c19243b00000000u, 0x75bba45b00000000u},
    .fold1 = {0x3743f7bd00000000u, 0x3171d43000000000u},
    .table = {ROW(0x82f63b78u, 0x417b1dbcu, 0x20bd8edeu, 0x105ec76fu, 0x8ad958cfu, 0xc79a971fu,
                  0xe13b70f7u, 0xf26b8303u),
              ROW(0xfbc3faf9u, 0xff17c604u, 0x7f8be302u, 0x3fc5f181u, 0x9d14c3b8u, 0x4e8a61dcu,
                  0x274530eeu, 0x13a29877u),
              ROW(0x8b277743u, 0xc76580d9u, 0xe144fb14u, 0x70a27d8au, 0x38513ec5u, 0x9edea41au,
                  0x4f6f520du, 0xa541927eu),
              ROW(0x52a0c93fu, 0xaba65fe7u, 0xd725148bu, 0xe964b13du, 0xf64463e6u, 0x7b2231f3u,
                  0xbf672381u, 0xdd45aab8u),
              ROW(0x6ea2d55cu, 0x37516aaeu, 0x1ba8b557u, 0x8f2261d3u, 0xc5670b91u, 0xe045beb0u,
                  0x7022df58u, 0x38116facu),
              ROW(0x1c08b7d6u, 0x0e045bebu, 0x85f4168du, 0xc00c303eu, 0x6006181fu, 0xb2f53777u,
                  0xdb8ca0c3u, 0xef306b19u),
              ROW(0xf56e0ef4u, 0x7ab7077au, 0x3d5b83bdu, 0x9c5bfaa6u, 0x4e2dfd53u, 0xa5e0c5d1u,
                  0xd0065990u, 0x68032cc8u),
              ROW(0x34019664u, 0x1a00cb32u, 0x0d006599u, 0x847609b4u, 0x423b04dau, 0x211d826du,
                  0x9278fa4eu, 0x493c7d27u)}};

/* CRC-64/NVME */
const struct tcx_crc tcx__crc_crc64nvme = {
    .width = 64,
    .poly = 0x9a6c9329ac4bc9b5u,
    .fold4 = {0x0c32cdb31e18a84au, 0x62242240ace5045au},
    .fold1 = {0xeadc41fd2ba3d420u, 0x21e9761e252621acu},
    .table = {
        ROW(0x9a6c9329ac4bc9b5u, 0xd75adabd7a6e2d6fu, 0xf1c1fe77117cdf02u, 0x78e0ff3b88be6f81u,
            0xa61cecb46814fe75u, 0xc962e5739841b68fu, 0xfedde190606b12f2u, 0x7f6ef0c830358979u),
        ROW(0xa5dbeb4db4510d09u, 0xc881668f76634f31u, 0xfe2c206e177a6e2du, 0xe57a831ea7f6fea3u,
            0xe8d1d2a6ffb0b6e4u, 0x7468e9537fd85b72u, 0x3a3474a9bfec2db9u, 0x8776a97d73bddf69u),
        ROW(0xd9d7c79715952601u, 0xf68770e226815ab5u, 0xe12f2b58bf0b64efu, 0xeafb0685f3ce7bc2u,
            0x757d8342f9e73de1u, 0xa0d25288d0b85745u, 0xca05ba6dc417e217u, 0xff6e4e1f4e4038beu),
        ROW(0x7fb7270fa7201c5fu, 0xa5b700ae7fdbc79au, 0x52db80573fede3cdu, 0xb301530233bd3853u,
            0xc3ec3aa8b595559cu, 0x61f61d545acaaaceu, 0x30fb0eaa2d655567u, 0x8211147cbaf96306u),
        ROW(0x41088a3e5d7cb183u, 0xbae8d63682f59174u, 0x5d746b1b417ac8bau, 0x2eba358da0bd645du,
            0x8d3189ef7c157b9bu, 0xdcf457de12417478u, 0x6e7a2bef0920ba3cu, 0x373d15f784905d1eu),
        ROW(0x1b9e8afbc2482e8fu, 0x97a3d6544d6fdef2u, 0x4bd1eb2a26b7ef79u, 0xbf8466bcbf103e09u,
            0xc5aea077f3c3d6b1u, 0xf8bbc31255aa22edu, 0xe63172a0869ed8c3u, 0xe9742a79ef04a5d4u),
        ROW(0x74ba153cf78252eau, 0x3a5d0a9e7bc12975u, 0x8742166691ab5d0fu, 0xd9cd981ae49e6732u,
            0x6ce6cc0d724f3399u, 0xac1ff52f156c5079u, 0xcc6369be26fde189u, 0xfc5d27f6bf353971u),
        ROW(0xe44200d2f3d1550du, 0xe84d9340d5a36333u, 0xee4a5a89c69a782cu, 0x77252d44e34d3c16u,
            0x3b9296a271a69e0bu, 0x87a5d878949886b0u, 0x43d2ec3c4a4c4358u, 0x21e9761e252621acu)}};
