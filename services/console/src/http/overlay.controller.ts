import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import { z } from 'zod';
import { parseId } from '@banyan/ids';
import { checkRequest } from '@banyan/service-kit';
import { Actions } from '../acting/actions.ts';
import type { RouteView, WorldView } from '../contract.ts';
import { FromSession, NeedsScope, SessionGuard, type Session } from './session.ts';
import { Streams } from './streams.ts';

/** The world, for injection. */
export const WORLD = Symbol('console.world');

const topicsRequest = z.object({ topics: z.array(z.string().max(256)).max(8, 'at most 8') });
const routeRequest = z.object({
  key: z.string().trim().min(1, 'must not be empty').max(256, 'at most 256 characters'),
  from: z.string().refine((text) => parseId(text) !== undefined, 'must be 32 hex digits').optional(),
});
const groupRequest = z.object({
  name: z.string().trim().min(1, 'must not be empty').max(200, 'at most 200 characters'),
  delivery: z.enum(['best-effort', 'ordered', 'reliable']).default('reliable'),
  stripes: z.number().int().min(1).max(16).default(1),
  fanOutMax: z.number().int().min(0).max(64).default(0),
});

/** What the page asks for. */
@Controller('api')
@UseGuards(SessionGuard)
export class OverlayController {
  constructor(
    @Inject(Streams) private readonly streams: Streams,
    @Inject(Actions) private readonly actions: Actions,
    @Inject(WORLD) private readonly world: WorldView,
  ) {}

  @Get('stream')
  stream(@FromSession() session: Session, @Res() response: Response): void {
    this.streams.open(session, response);
  }

  @Put('streams/:id')
  @HttpCode(204)
  choose(@FromSession() session: Session, @Param('id') id: string, @Body() body: unknown): void {
    this.streams.choose(session, id, checkRequest(topicsRequest, body).topics);
  }

  @Get('world')
  readWorld(): WorldView {
    return this.world;
  }

  @Post('route')
  @HttpCode(200)
  route(@FromSession() session: Session, @Body() body: unknown): Promise<RouteView> {
    const { key, from } = checkRequest(routeRequest, body);
    return this.actions.route(session, key, from);
  }

  @Post('nodes/:id/drain')
  @HttpCode(202)
  @NeedsScope('admin')
  drain(@FromSession() session: Session, @Param('id') id: string): Promise<void> {
    return this.actions.drain(session, id);
  }

  @Post('groups')
  @NeedsScope('admin')
  createGroup(@FromSession() session: Session, @Body() body: unknown): Promise<{ readonly name: string }> {
    return this.actions.createGroup(session, checkRequest(groupRequest, body));
  }
}
