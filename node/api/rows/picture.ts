import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { id, reading } from './bases.js';

const MiB = 1024 * 1024;
/** node/pictures/formats/format.ts: what a command line loads takes no pictures apart. */
const PICTURE_TYPES = ['image/jpeg', 'image/png', 'image/webp'] as const;

const type = z.enum(PICTURE_TYPES);
const size = z.int().describe('Bytes');
const width = z.int().describe('Pixels');
const height = z.int().describe('Pixels');

const pictureView = z.object({
  picture: z.string().describe('Its id'),
  place: z.int().describe('In the listing, counted from 1'),
  here: z.boolean().describe('Whether it is on this node'),
  type: type.optional().describe('Absent where it is not here, or is no picture that can be shown'),
  size: size.optional(),
  width: width.optional(),
  height: height.optional(),
  why: z.string().optional().describe('Why it is not here, or cannot be shown'),
});
export type PictureView = z.infer<typeof pictureView>;

/** Pictures of listings. */
export const PICTURE_OPERATIONS = {
  pictureAdd: operation({
    ...reading,
    command: ['picture', 'add'],
    help: 'Put a picture on this node for a listing to name; where and with what it was taken is taken out of it',
    input: z.object({
      content: z
        .base64()
        .max(2 * MiB)
        .describe('The bytes of a JPEG, PNG or WebP picture in base64; 1.5 MiB at most'),
    }),
    output: z.object({
      picture: z.string().describe('Its id, for the field image of a listing'),
      type,
      size,
      width,
      height,
      removed: z.int().describe('Bytes that were taken out: metadata, and what was no part of the picture'),
    }),
    scope: 'publish',
    changes: true,
    example: 'niaga picture add kopi.jpg',
  }),
  pictureList: operation({
    ...reading,
    command: ['picture', 'list'],
    help: 'List the pictures of a listing; those of others are fetched only with --fetch',
    input: z.object({
      listing: id('The listing'),
      fetch: z
        .boolean()
        .default(false)
        .describe('Fetch those that are not here from the seller, or from whoever keeps them'),
    }),
    output: pictureView,
    positional: ['listing'],
    answer: 'stream',
    example: 'niaga picture list bafyrei… --fetch',
  }),
  pictureSave: operation({
    ...reading,
    command: ['picture', 'save'],
    help: 'Save a picture that is on this node, without anything that does not draw it',
    input: z.object({ picture: id('The picture, as picture list names it') }),
    output: z.object({
      picture: z.string(),
      type,
      content: z.string().describe('The picture’s bytes in base64'),
    }),
    positional: ['picture'],
    strangersText: true,
    example: 'niaga picture save bafkrei… --out kopi.jpg',
  }),
} as const satisfies Record<string, Operation>;
