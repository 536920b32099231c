/** This file tests how large images are told to be, from headers that are whole, odd or cut off. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readImageSize } from './image-size.ts';

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

const RIFF = '52494646 00000000 57454250';
const images: readonly [name: string, bytes: Buffer, width: number, height: number][] = [
  ['PNG', hex('89504e470d0a1a0a 0000000d 49484452 00000140 000000f0'), 320, 240],
  ['GIF', hex('474946383961 4001 f000'), 320, 240],
  ['JPEG', hex('ffd8 ffe0 0004 0000 ff ffc2 0011 08 00f0 0140 03'), 320, 240],
  ['JPEG with tables first', hex('ffd8 ffc4 0004 0000 ffc0 0011 08 00f0 0140 03'), 320, 240],
  ['WebP, lossy', hex(`${RIFF} 56503820 00000000 000000 9d012a 4001 f000`), 320, 240],
  ['WebP, lossless', hex(`${RIFF} 5650384c 00000000 2f 3fc13b00 0000000000`), 320, 240],
  ['WebP, extended', hex(`${RIFF} 56503858 0a000000 00000000 3f0100 ef0000`), 320, 240],
];

describe('an image', () => {
  test.each(images)('%s is as large as its header says', (_name, bytes, width, height) => {
    expect(readImageSize(bytes)).toEqual({ width, height });
  });

  test.each(images)('%s cut anywhere says nothing rather than something else', (_name, bytes, width, height) => {
    for (let length = 0; length < bytes.length; length++) {
      const size = readImageSize(bytes.subarray(0, length));
      if (size !== null) expect(size).toEqual({ width, height });
    }
  });

  test('of no pixels is none', () => {
    expect(readImageSize(hex('474946383961 0000 f000'))).toBeNull();
  });

  test('is not seen in other bytes, and whatever they are, reading ends', () => {
    expect(readImageSize(Buffer.from('%PDF-1.7 and so on and on and on'))).toBeNull();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), fc.constantFrom('ffd8ff', '89504e470d0a1a0a', `${RIFF}`, '474946383961'), (bytes, head) => {
      readImageSize(Buffer.concat([hex(head), bytes]));
    }));
  });
});
