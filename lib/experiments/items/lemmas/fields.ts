// A field that the settings of all lemmas have.

import { z } from 'zod';
import { listOf } from '../../settings/fields';

/** Errors that certificates are made for. */
export const epsilonsField = listOf(z.number().positive()).describe('errors that are asked for');
