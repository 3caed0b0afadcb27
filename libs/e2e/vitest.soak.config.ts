import { defineConfig } from 'vitest/config';
import { slow } from '../../vitest.shared.ts';

export default defineConfig(slow(import.meta.dirname, 'soak'));
