import { defineConfig } from 'vitest/config';
import { simulated } from '../../vitest.shared.ts';

export default defineConfig(simulated(import.meta.dirname));
