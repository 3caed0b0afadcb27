import { PostgresQueryCompiler, type ColumnDefinitionNode, type DataTypeNode } from 'kysely';

/** The types of portable SQL in PostgreSQL's words: whole numbers go up to 2^53, fractions are doubles. */
const TYPES: Readonly<Record<string, string>> = { integer: 'bigint', real: 'double precision', blob: 'bytea' };

/**
 * Writes portable SQL for PostgreSQL. In SQLite a primary key of type integer numbers itself; here it does when it is an identity.
 */
export class PortablePostgresCompiler extends PostgresQueryCompiler {
  protected override visitDataType(node: DataTypeNode): void {
    this.append(TYPES[node.dataType] ?? node.dataType);
  }

  protected override visitColumnDefinition(node: ColumnDefinitionNode): void {
    const { autoIncrement: _, ...column } = node;
    const numbersItself = node.primaryKey === true && (node.dataType as DataTypeNode).dataType === 'integer';
    super.visitColumnDefinition(numbersItself ? { ...column, generated: { kind: 'GeneratedNode', byDefault: true, identity: true } } : node);
  }
}
