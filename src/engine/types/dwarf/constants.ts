/**
 * Numbers of DWARF that types need.
 *
 * Source: DWARF 5, section 7.5 to 7.8 and figures 7.1 to 7.6; the GNU extensions of DWARF 4 (0x1f20 and 0x1f21, dwz).
 */

export const TAG = {
  arrayType: 0x01,
  classType: 0x02,
  enumerationType: 0x04,
  formalParameter: 0x05,
  member: 0x0d,
  pointerType: 0x0f,
  referenceType: 0x10,
  structureType: 0x13,
  subroutineType: 0x15,
  typedef: 0x16,
  unionType: 0x17,
  unspecifiedParameters: 0x18,
  subrangeType: 0x21,
  baseType: 0x24,
  constType: 0x26,
  enumerator: 0x28,
  packedType: 0x2d,
  variable: 0x34,
  volatileType: 0x35,
  restrictType: 0x37,
  rvalueReferenceType: 0x42,
  atomicType: 0x47,
} as const;

export const AT = {
  sibling: 0x01,
  location: 0x02,
  name: 0x03,
  byteSize: 0x0b,
  bitOffset: 0x0c,
  bitSize: 0x0d,
  language: 0x13,
  constValue: 0x1c,
  upperBound: 0x2f,
  count: 0x37,
  dataMemberLocation: 0x38,
  declLine: 0x3b,
  declaration: 0x3c,
  encoding: 0x3e,
  external: 0x3f,
  specification: 0x47,
  type: 0x49,
  signature: 0x69,
  dataBitOffset: 0x6b,
  strOffsetsBase: 0x72,
  addrBase: 0x73,
  dwoName: 0x76,
  gnuDwoName: 0x2130,
} as const;

export const FORM = {
  addr: 0x01,
  block2: 0x03,
  block4: 0x04,
  data2: 0x05,
  data4: 0x06,
  data8: 0x07,
  string: 0x08,
  block: 0x09,
  block1: 0x0a,
  data1: 0x0b,
  flag: 0x0c,
  sdata: 0x0d,
  strp: 0x0e,
  udata: 0x0f,
  refAddr: 0x10,
  ref1: 0x11,
  ref2: 0x12,
  ref4: 0x13,
  ref8: 0x14,
  refUdata: 0x15,
  indirect: 0x16,
  secOffset: 0x17,
  exprloc: 0x18,
  flagPresent: 0x19,
  strx: 0x1a,
  addrx: 0x1b,
  refSup4: 0x1c,
  strpSup: 0x1d,
  data16: 0x1e,
  lineStrp: 0x1f,
  refSig8: 0x20,
  implicitConst: 0x21,
  loclistx: 0x22,
  rnglistx: 0x23,
  refSup8: 0x24,
  strx1: 0x25,
  strx2: 0x26,
  strx3: 0x27,
  strx4: 0x28,
  addrx1: 0x29,
  addrx2: 0x2a,
  addrx3: 0x2b,
  addrx4: 0x2c,
  gnuRefAlt: 0x1f20,
  gnuStrpAlt: 0x1f21,
} as const;

/** DW_UT_*: what a unit of DWARF 5 is. */
export const UNIT = {
  compile: 1,
  type: 2,
  partial: 3,
  skeleton: 4,
  splitCompile: 5,
  splitType: 6,
} as const;

/** DW_ATE_*: how the bytes of a base type are read. */
export const ENCODING = {
  boolean: 0x02,
  complexFloat: 0x03,
  float: 0x04,
  signed: 0x05,
  signedChar: 0x06,
} as const;

export const OP = { addr: 0x03, plusUconst: 0x23, addrx: 0xa1 } as const;

/** DW_LANG_Rust, DW_LANG_Mips_Assembler: units whose types are not C's. */
export const OTHER_LANGUAGES: ReadonlySet<number> = new Set([0x001c, 0x8001]);
