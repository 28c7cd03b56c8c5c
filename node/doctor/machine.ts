import type { DoctorView } from '../api/rows/doctor.js';

/** Which program on which system. */
export function machine(version: string): Pick<DoctorView, 'version' | 'node' | 'platform'> {
  return { version, node: process.version, platform: `${process.platform} ${process.arch}` };
}
