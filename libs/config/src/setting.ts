// What a zod object says about each of its keys: the one description from which flags, environment variables, file
// keys, the help table and the hiding of secrets all follow.
import { z } from 'zod';

/** How the text of a flag or a variable becomes the value the schema checks. */
export type SettingKind = 'text' | 'number' | 'boolean' | 'list';

/** One key of a configuration under all its names. */
export interface Setting {
  /** The key in the schema and in a file: `leafSetSize`. */
  readonly key: string;
  /** `--leaf-set-size`. */
  readonly flag: string;
  /** `BANYAN_LEAF_SET_SIZE`. */
  readonly variable: string;
  readonly kind: SettingKind;
  /** The schema's own description, for the help table. */
  readonly description: string;
  /** True when its value must never be shown. */
  readonly isSecret: boolean;
  /** True when a running process takes a new value over (SIGHUP). */
  readonly isReloadable: boolean;
  /** The value when nobody says anything; undefined: none. */
  readonly fallback: unknown;
  /** True when the process cannot start without it. */
  readonly isRequired: boolean;
}

/** Marks a value that is never shown: not in the effective configuration, not in a fault. */
export function secret<Schema extends z.ZodType>(schema: Schema): Schema {
  return schema.meta({ ...schema.meta(), secret: true });
}

/** Marks a setting that a running process takes over when it reads its configuration again. */
export function reloadable<Schema extends z.ZodType>(schema: Schema): Schema {
  return schema.meta({ ...schema.meta(), reloadable: true });
}

/** The settings of a schema in the order they are written there. Throws when a key has no description: that is ours. */
export function settingsOf(schema: z.ZodObject): readonly Setting[] {
  return Object.entries(schema.shape).map(([key, value]) => settingOf(key, value as z.ZodType));
}

function settingOf(key: string, schema: z.ZodType): Setting {
  const layers = layersOf(schema);
  const description = layers.map((layer) => layer.description).find((text) => text !== undefined);
  if (description === undefined) throw new TypeError(`the setting ${key} has no description`);
  const absent = schema.safeParse(undefined);
  return {
    key,
    flag: `--${words(key).join('-')}`,
    variable: `BANYAN_${words(key).join('_').toUpperCase()}`,
    kind: kindOf(layers.at(-1)),
    description,
    isSecret: layers.some((layer) => layer.meta()?.['secret'] === true),
    isReloadable: layers.some((layer) => layer.meta()?.['reloadable'] === true),
    fallback: absent.success ? absent.data : undefined,
    isRequired: !absent.success,
  };
}

// From the outermost wrapper (optional, default, a transformation's input …) to the type that is checked.
function layersOf(schema: z.ZodType): readonly z.ZodType[] {
  const layers: z.ZodType[] = [];
  for (let layer: z.ZodType | undefined = schema; layer !== undefined; layer = innerOf(layer)) layers.push(layer);
  return layers;
}

function innerOf(schema: z.ZodType): z.ZodType | undefined {
  if (schema instanceof z.ZodPipe) return schema.in as z.ZodType;
  const { innerType } = schema.def as { readonly innerType?: z.ZodType };
  return innerType;
}

function kindOf(schema: z.ZodType | undefined): SettingKind {
  if (schema instanceof z.ZodNumber) return 'number';
  if (schema instanceof z.ZodBoolean) return 'boolean';
  if (schema instanceof z.ZodArray) return 'list';
  return 'text';
}

function words(camelCase: string): readonly string[] {
  return camelCase.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
}
