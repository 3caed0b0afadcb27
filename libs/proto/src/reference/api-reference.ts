// The API as a page: services with their methods, messages with their fields, as the protos and their comments say. Read from
// the compiled descriptor set, so what is on the page is what is served.
import { fromBinary } from '@bufbuild/protobuf';
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorSetSchema, type DescriptorProto, type EnumDescriptorProto, type FieldDescriptorProto, type FileDescriptorProto, type ServiceDescriptorProto } from '@bufbuild/protobuf/wkt';

// Numbers of the fields of descriptors, by which comments are found (descriptor.proto, SourceCodeInfo.Location.path).
const IN_FILE = { message: 4, enum: 5, service: 6 } as const;
const IN_MESSAGE = { field: 2 } as const;
const IN_ENUM = { value: 2 } as const;
const IN_SERVICE = { method: 2 } as const;
const PACKAGE_PATH = 2;
// What only nodes say to one another is no API.
const BETWEEN_NODES = /\/peer\.proto$/;

/** The page for a compiled descriptor set (with source information). */
export function apiReference(descriptorSet: Uint8Array): string {
  const files = fromBinary(FileDescriptorSetSchema, descriptorSet).file.filter(({ name, package: of }) => of.startsWith('banyan.') && !BETWEEN_NODES.test(name));
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return [
    '# The API',
    '',
    'Generated from the protos beside this page: `npx nx run @banyan/proto:reference`. What nodes say to one another (`peer.proto`) is not here.',
    'How to call it from any language: [examples](examples/README.md).',
    '',
    ...sorted.map(({ package: of, service }) => `- [${of}](#${anchor(of)})${service.map(({ name }) => `, ${name}`).join('')}`),
    ...sorted.flatMap((file) => filePart(file, linksTo(sorted))),
  ].join('\n').trimEnd() + '\n';
}

function filePart(file: FileDescriptorProto, link: Link): readonly string[] {
  const comments = commentsOf(file);
  return [
    '',
    `## ${file.package}`,
    '',
    `${comments([PACKAGE_PATH])} [${file.name.split('/').at(-1)}](${file.name})`,
    ...file.service.flatMap((service, index) => servicePart(service, link, comments, [IN_FILE.service, index])),
    ...file.messageType.flatMap((message, index) => messagePart(file.package, message, link, comments, [IN_FILE.message, index])),
    ...file.enumType.flatMap((each, index) => enumPart(file.package, each, comments, [IN_FILE.enum, index])),
  ];
}

type Comments = (path: readonly number[]) => string;
/** A type by its full name, as a link where the page has it. */
type Link = (name: string) => string;

function servicePart(service: ServiceDescriptorProto, link: Link, comments: Comments, path: readonly number[]): readonly string[] {
  const methods = service.method.flatMap((method, index) => [
    '',
    `**${method.name}** (${stream(method.clientStreaming)}${link(method.inputType)}) → ${stream(method.serverStreaming)}${link(method.outputType)}  `,
    comments([...path, IN_SERVICE.method, index]),
  ]);
  return ['', `### ${service.name}`, '', comments(path), ...methods];
}

function messagePart(of: string, message: DescriptorProto, link: Link, comments: Comments, path: readonly number[]): readonly string[] {
  const head = ['', `#### ${heading(`.${of}.${message.name}`)}`, '', comments(path)];
  if (message.field.length === 0) return head;
  const rows = message.field.map((field, index) => `| ${field.number} | \`${field.name}\` | ${fieldType(field, link)} | ${comments([...path, IN_MESSAGE.field, index])}${oneofNote(message, field)} |`);
  return [...head, '', '| | field | type | |', '|---|---|---|---|', ...rows];
}

function enumPart(of: string, each: EnumDescriptorProto, comments: Comments, path: readonly number[]): readonly string[] {
  const rows = each.value.map((value, index) => `| ${value.number} | \`${value.name}\` | ${comments([...path, IN_ENUM.value, index])} |`);
  return ['', `#### ${heading(`.${of}.${each.name}`)}`, '', comments(path), '', '| | value | |', '|---|---|---|', ...rows];
}

/** Comments of a file, each as one line. */
function commentsOf(file: FileDescriptorProto): Comments {
  const found = new Map((file.sourceCodeInfo?.location ?? []).map(({ path, leadingComments }) => [path.join(), leadingComments]));
  return (path) => (found.get(path.join()) ?? '').trim().replaceAll(/\s*\n\s*/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function fieldType(field: FieldDescriptorProto, link: Link): string {
  const type = field.typeName === '' ? FieldDescriptorProto_Type[field.type].toLowerCase() : link(field.typeName);
  if (field.label === FieldDescriptorProto_Label.REPEATED) return `repeated ${type}`;
  return field.proto3Optional ? `optional ${type}` : type;
}

function oneofNote(message: DescriptorProto, { oneofIndex, proto3Optional }: FieldDescriptorProto): string {
  const name = message.field.some((field) => field.oneofIndex !== undefined) && oneofIndex !== undefined && !proto3Optional ? message.oneofDecl[oneofIndex]?.name : undefined;
  return name === undefined ? '' : ` One of \`${name}\`.`;
}

function linksTo(files: readonly FileDescriptorProto[]): Link {
  const shown = new Set(files.flatMap((file) => [...file.messageType, ...file.enumType].map(({ name }) => `.${file.package}.${name}`)));
  return (name) => (shown.has(name) ? `[${name.split('.').at(-1) ?? name}](#${anchor(heading(name))})` : `\`${heading(name)}\``);
}

// Names of two packages may be the same: `.banyan.auth.v1.Role` is `auth.v1.Role` here.
function heading(fullName: string): string {
  return fullName.replace(/^\.banyan\./, '');
}

// As Markdown viewers make them of headings.
function anchor(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9_ -]/g, '').replaceAll(' ', '-');
}

function stream(isStream: boolean): string {
  return isStream ? 'stream ' : '';
}
