/**
 * Streams: open files by the C library's names. A stream is the number of its file, as a pointer; what is written to it goes through a
 * buffer of malloc(), as in glibc, but at once.
 *
 * Differs: nothing is read ahead: a line is read with what lies behind it, and the position is set back. There is no mark of an error or
 * of the end: feof() looks.
 */
import type { Value } from '../../semantics/arithmetic.js';
import { bytesOf, latin1 } from '../../syntax/utf8.js';
import { group, type Builtin, type BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { needsProcess } from '../needs.js';
import { sizeOf } from '../pointers.js';
import { scanText } from '../scanning.js';
import { closeFile, readFile, seekFile, writeFile } from '../user/fileBytes.js';
import { openPath } from '../user/files.js';
import { libc } from '../user/libc.js';
import { free, malloc, realloc } from './malloc.js';
import { formatted, print } from './print.js';

const changes = true;
const EINVAL = 22;
const EOF = -1;
const SEEK_SET = 0;
const SEEK_CUR = 1;
const SEEK_END = 2;
/** As much as a line, or what fscanf() looks at, may have. */
const PIECE = 4096;
/** What getline() begins with. */
const LINE = 120;

const O_RDONLY = 0;
const O_WRONLY = 1;
const O_RDWR = 2;
const O_CREAT = 0o100;
const O_TRUNC = 0o1000;

const MODES: Readonly<Record<string, number>> = {
  r: O_RDONLY,
  'r+': O_RDWR,
  w: O_WRONLY | O_CREAT | O_TRUNC,
  'w+': O_RDWR | O_CREAT | O_TRUNC,
  a: O_WRONLY | O_CREAT,
  'a+': O_RDWR | O_CREAT,
};

const isStandard = (stream: Value): boolean => Number(stream) === 1 || Number(stream) === 2;

/** The number of a stream's file. */
const fdOf = (stream: Value): number => Number(stream);

/** Writes bytes, one a character: how many, or -1 and errno. */
function put(call: BuiltinCall, stream: Value, text: string): number {
  if (isStandard(stream)) return print(call, text, fdOf(stream));
  if (text === '') return 0;
  const buffer = malloc(call, text.length);
  if (buffer === 0) return EOF;
  call.memory.writeBytes(buffer, bytesOf(text));
  const written = libc(call, writeFile(call, fdOf(stream), buffer, text.length));
  free(call, buffer);
  return written;
}

/** Bytes from the position of a stream on, one a character; the position stays. */
function look(call: BuiltinCall, stream: Value, most: number): string {
  const buffer = malloc(call, most);
  if (buffer === 0) return '';
  const fd = fdOf(stream);
  const at = seekFile(call, fd, 0, SEEK_CUR);
  const read = libc(call, readFile(call, fd, buffer, most));
  const bytes = read > 0 ? call.memory.readBytes(buffer, read).slice() : new Uint8Array(0);
  if (at >= 0) seekFile(call, fd, at, SEEK_SET);
  free(call, buffer);
  return latin1(bytes);
}

const skip = (call: BuiltinCall, stream: Value, bytes: number): void =>
  void seekFile(call, fdOf(stream), bytes, SEEK_CUR);

/** A line with its newline, at most so many bytes; '' at the end. */
function lineOf(call: BuiltinCall, stream: Value, most: number): string {
  const text = look(call, stream, most);
  const end = text.indexOf('\n');
  const line = end < 0 ? text : text.slice(0, end + 1);
  skip(call, stream, line.length);
  return line;
}

const putText = (call: BuiltinCall, to: Value, text: string): void => {
  call.memory.writeBytes(to, bytesOf(`${text}\0`));
};

const row = (
  signature: string,
  doc: string,
  run: (call: BuiltinCall, ...args: Value[]) => Value | undefined,
  rest: Partial<BuiltinRow> = {},
): BuiltinRow => ({ signature, doc, changes, sleeps: 'always', needs: needsProcess, run, ...rest });

const opening: readonly BuiltinRow[] = [
  row(
    'void *fopen(const char *pathname, const char *mode)',
    'A stream of a file, as open() opens it: "r", "w", "a", with "+" for both; NULL and errno if it cannot be.',
    (call, path, mode) => {
      const flags = MODES[call.string(mode).replace(/[be]/g, '')];
      const fd = libc(call, flags === undefined ? -EINVAL : openPath(call, path, flags));
      if (fd < 0) return 0;
      if (call.string(mode).startsWith('a')) seekFile(call, fd, 0, SEEK_END);
      return fd;
    },
  ),
  row('int fclose(void *stream)', 'Closes a stream; 0, or EOF and errno.', (call, stream) =>
    libc(call, closeFile(call, fdOf(stream))),
  ),
  {
    signature: 'int fileno(void *stream)',
    doc: 'The number of the file of a stream.',
    run: (_call, stream) => fdOf(stream),
  },
  {
    signature: 'void *fdopen(int fd, const char *mode)',
    doc: 'The stream of an open file.',
    run: (_call, fd) => fd,
  },
];

const writing = [
  row(
    'int fprintf(void *stream, const char *format, ...)',
    'Like printf(), to a stream.',
    (call, stream, format = 0, ...args) => put(call, stream, formatted(call, format, args)),
    { format: 1, dialect: 'printf' },
  ),
  row(
    'int vfprintf(void *stream, const char *format, va_list args)',
    'Like fprintf(), with the arguments of a function with "...".',
    (call, stream, format = 0, list = 0) =>
      put(call, stream, formatted(call, format, call.variableArguments(list))),
    { format: 1, list: true },
  ),
  row(
    'int fputs(const char *s, void *stream)',
    'Writes a text to a stream.',
    (call, s, stream = 0) => put(call, stream, call.string(s)),
  ),
  row(
    'int fputc(int c, void *stream)',
    'Writes a character to a stream.',
    (call, c, stream = 0) => {
      const byte = Number(c) & 0xff;
      return put(call, stream, String.fromCharCode(byte)) < 0 ? EOF : byte;
    },
  ),
  row(
    'size_t fwrite(const void *ptr, size_t size, size_t nmemb, void *stream)',
    'Writes an array to a stream: how many elements.',
    (call, pointer, size, nmemb, stream = 0) => {
      const bytes = sizeOf(call, size) * sizeOf(call, nmemb);
      if (bytes === 0) return 0;
      const text = latin1(call.memory.readBytes(pointer, bytes));
      return Math.floor(Math.max(0, put(call, stream, text)) / sizeOf(call, size));
    },
  ),
].map((each) => ({ ...each, printsParts: true as const }));

const reading: readonly BuiltinRow[] = [
  row(
    'char *fgets(char *s, int size, void *stream)',
    'Reads a line with its newline, or as much of it as there is room for; NULL at the end.',
    (call, s = 0, size = 0, stream = 0) => {
      const line = lineOf(call, stream, Math.max(0, Number(size) - 1));
      if (line === '') return 0;
      putText(call, s, line);
      return s;
    },
  ),
  row(
    'ssize_t getline(char **lineptr, size_t *n, void *stream)',
    'Reads a whole line into memory of malloc(), which becomes longer where it has to: how many characters, or -1 at the end.',
    (call, lineptr = 0, n = 0, stream = 0) => {
      const size = call.profile.pointerSize;
      const line = lineOf(call, stream, PIECE);
      if (line === '') return -1;
      let buffer = call.memory.load(lineptr, size);
      const room = buffer === 0 ? 0 : Number(call.memory.load(n, size));
      if (room <= line.length) {
        const wanted = Math.max(LINE, line.length + 1);
        buffer = realloc(call, buffer, wanted);
        if (buffer === 0) return -1;
        call.memory.store(lineptr, size, buffer);
        call.memory.store(n, size, wanted);
      }
      putText(call, buffer, line);
      return line.length;
    },
  ),
  row('int fgetc(void *stream)', 'Reads a character; EOF at the end.', (call, stream = 0) => {
    const text = look(call, stream, 1);
    skip(call, stream, text.length);
    return text === '' ? EOF : text.charCodeAt(0);
  }),
  row(
    'size_t fread(void *ptr, size_t size, size_t nmemb, void *stream)',
    'Reads an array from a stream: how many elements.',
    (call, pointer = 0, size = 0, nmemb = 0, stream = 0) => {
      const [each, count] = [sizeOf(call, size), sizeOf(call, nmemb)];
      if (each * count === 0) return 0;
      const read = libc(call, readFile(call, fdOf(stream), pointer, each * count));
      return Math.floor(Math.max(0, read) / each);
    },
  ),
  row(
    'int fscanf(void *stream, const char *format, ...)',
    'Like sscanf(), from a stream, which goes on behind what was read; EOF at the end.',
    (call, stream = 0, format = 0, ...args) => {
      const text = look(call, stream, PIECE);
      if (text === '') return EOF;
      const { count, end } = scanText(call, text, call.string(format), args);
      skip(call, stream, end);
      return count;
    },
  ),
  row('int feof(void *stream)', 'Whether nothing is left to read.', (call, stream = 0) =>
    look(call, stream, 1) === '' ? 1 : 0,
  ),
];

const moving: readonly BuiltinRow[] = [
  row(
    'int fseek(void *stream, long offset, int whence)',
    'Moves the position of a stream, as lseek(); 0, or -1 and errno.',
    (call, stream, offset, whence) =>
      Math.min(0, libc(call, seekFile(call, fdOf(stream), Number(offset), Number(whence)))),
  ),
  row('long ftell(void *stream)', 'The position of a stream.', (call, stream) =>
    libc(call, seekFile(call, fdOf(stream), 0, SEEK_CUR)),
  ),
  row('void rewind(void *stream)', 'Moves a stream to its beginning.', (call, stream) => {
    seekFile(call, fdOf(stream), 0, SEEK_SET);
    return undefined;
  }),
];

export const streams: readonly Builtin[] = group('process', '', [
  ...opening,
  ...writing,
  ...reading,
  ...moving,
]);
