import { Body, Controller, Delete, Get, HttpCode, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { TokenVerifier } from '@banyan/identity';
import { checkRequest } from '@banyan/service-kit';
import type { SessionView } from '../contract.ts';
import { assertOwnPage, FromSession, openSession, SessionGuard, sessionView, setCookie, VERIFIER, type Session } from './session.ts';

const signIn = z.object({ token: z.string().trim().min(1, 'must not be empty') });

/** Signing in and out. */
@Controller('api/session')
export class SessionController {
  constructor(@Inject(VERIFIER) private readonly verifier: TokenVerifier) {}

  @Get()
  @UseGuards(SessionGuard)
  session(@FromSession() session: Session): SessionView {
    return sessionView(session);
  }

  @Post()
  @HttpCode(200)
  async signIn(@Body() body: unknown, @Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<SessionView> {
    assertOwnPage(request);
    const session = await openSession(checkRequest(signIn, body).token, this.verifier);
    setCookie(response, session, request.secure);
    return sessionView(session);
  }

  @Delete()
  @HttpCode(204)
  signOut(@Req() request: Request, @Res({ passthrough: true }) response: Response): void {
    assertOwnPage(request);
    setCookie(response, undefined, request.secure);
  }
}
