export { PUBLIC_MODE, SECRET_MODE, writeFileAtomically } from './atomic-file.ts';
export { BoundedCache } from './bounded-cache.ts';
export {
  AUTHORITY_LIFETIME_MS,
  CERTIFICATE_LIFETIME_MS,
  CertificateAuthority,
  type AuthorityFiles,
  type CertificateOrder,
  type IssuedCertificate,
} from './certificate-authority.ts';
export { makeCertificateRequest, readCertificateRequest } from './certificate-request.ts';
export { assembleCredentials, certificateToPem, renewalTime, type CredentialFiles, type Credentials } from './credentials.ts';
export {
  enroll,
  EnrolmentError,
  provePossession,
  provesPossession,
  renew,
  type EnrolmentClient,
  type EnrolmentOrder,
  type EnrolRequest,
  type RenewalClient,
} from './enrolment.ts';
export { ADDRESSES_MAX, addressesFault, isSalt, saltToHex, type IdentityNames } from './identity-names.ts';
export { IdentityFileError, IdentityStore } from './identity-store.ts';
export { generateNodeKey, generateTokenKey, privateKeyFromPem, privateKeyToPem, publicKeyFromSpki, publicKeyToSpki, signBytes, verifyBytes } from './keys.ts';
export { groupPatternFault, matchesGroup, prefixOfPattern } from './group-patterns.ts';
export { completeGroupName, groupKey, groupNameFault, isGroupName, isSubject, keyOfName, ownerOfGroup } from './names.ts';
export { drawSalt, nodeId, SALT_BYTES } from './node-id.ts';
export { isValidAt, issuedPeer, parseCertificate, peerFromCertificate, type PeerIdentity } from './peer-identity.ts';
export { ENROLLED_ROLES, isEnrolledRole, isRole, type EnrolledRole, type Role } from './role.ts';
export { isScope, scopeAllows, scopeCovers, SCOPES_MAX } from './scopes.ts';
export { DescriptorVerifier, signDescriptor, type DescriptorFault, type DescriptorVerdict, type SignedDescriptor } from './signed-descriptor.ts';
export { TOKEN_ALGORITHM, TOKEN_ISSUER, TOKEN_LIFETIME_MAX_MS, type TokenClaims } from './token-claims.ts';
export { TokenKeyCache, type TokenKeyCacheOptions } from './token-key-cache.ts';
export { fixedTokenKeys, TOKEN_KEYS_MAX, toTokenJwk, trustedTokenKeys, type TokenJwk, type TokenKeySet, type TokenKeySource } from './token-keys.ts';
export { TokenSigner, type IssuedToken, type TokenOrder } from './token-signer.ts';
export { createTokenVerifier, type TokenVerdict, type TokenVerifier } from './token-verifier.ts';
