{{/* What objects are named after: the release. */}}
{{- define "banyan.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{/* Labels by which pods of a component are found; they never change. */}}
{{- define "banyan.selector" -}}
app.kubernetes.io/name: banyan
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "banyan.labels" -}}
{{ include "banyan.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "banyan.image" -}}
{{ printf "%s/%s:%s" .root.Values.image.registry .component (.root.Values.image.tag | default .root.Chart.AppVersion) }}
{{- end }}

{{/* What every pod may not do. */}}
{{- define "banyan.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "banyan.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* Three questions to the admin listener: did it start, is it of use, does it live. */}}
{{- define "banyan.probes" -}}
startupProbe: { httpGet: { path: /startupz, port: admin }, periodSeconds: 2, failureThreshold: 90 }
readinessProbe: { httpGet: { path: /readyz, port: admin }, periodSeconds: 5, failureThreshold: 2 }
livenessProbe: { httpGet: { path: /livez, port: admin }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 }
{{- end }}

{{/* Where others are. */}}
{{- define "banyan.host" -}}
{{ printf "%s-%s.%s.svc.cluster.local" (include "banyan.name" .root) .of .root.Release.Namespace }}
{{- end }}

{{- define "banyan.secretEnv" -}}
- name: {{ .variable }}
  valueFrom: { secretKeyRef: { name: {{ .secret }}, key: {{ .key }} } }
{{- end }}

{{/* Settings that every service has. */}}
{{- define "banyan.commonEnv" -}}
- { name: POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
- { name: BANYAN_NAME, value: $(POD_NAME) }
- { name: BANYAN_LOG_LEVEL, value: {{ .root.Values.logLevel }} }
{{- with .root.Values.tracing.endpoint }}
- { name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }} }
- { name: OTEL_TRACES_SAMPLER, value: parentbased_traceidratio }
- { name: OTEL_TRACES_SAMPLER_ARG, value: {{ $.root.Values.tracing.sampleRatio | quote }} }
{{- end }}
{{- end }}

{{/* How a service becomes a member. */}}
{{- define "banyan.memberEnv" -}}
- { name: BANYAN_AUTHORITY_FILE, value: /trust/ca.pem }
- { name: BANYAN_AUTH_ADDRESS, value: "{{ include "banyan.host" (dict "root" .root "of" "auth") }}:7000" }
- { name: BANYAN_AUTH_PEER_ADDRESS, value: "{{ include "banyan.host" (dict "root" .root "of" "auth") }}:7001" }
- { name: BANYAN_JWKS_URL, value: "http://{{ include "banyan.host" (dict "root" .root "of" "auth") }}:9100/.well-known/jwks.json" }
{{ include "banyan.secretEnv" (dict "variable" "BANYAN_ENROLMENT_TOKEN" "secret" .root.Values.secrets.existing "key" "enrolment-token") }}
{{- end }}

{{- define "banyan.databaseEnv" -}}
{{- with .root.Values.database.existingSecret }}
{{ include "banyan.secretEnv" (dict "variable" "BANYAN_DATABASE_URL" "secret" . "key" $.root.Values.database.key) }}
{{- end }}
{{- end }}

{{- define "banyan.claim" -}}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata: { name: data }
  spec:
    accessModes: [ReadWriteOnce]
    {{- with .storage.className }}
    storageClassName: {{ . }}
    {{- end }}
    resources: { requests: { storage: {{ .storage.size }} } }
{{- end }}

{{/* Only the certificate of the authority, never its key. */}}
{{- define "banyan.trustVolume" -}}
- name: trust
  secret: { secretName: {{ .root.Values.secrets.existing }}, items: [{ key: ca.pem, path: ca.pem }] }
{{- end }}

{{/*
A service of the control plane: pods with a volume each, and a Service in front of them.
Needs: root, component (its image), values, ports (name to number), env (text), mounts and volumes (text, may be empty).
*/}}
{{- define "banyan.service" -}}
{{- if and (gt (int (.values.replicas | default 1)) 1) (not .root.Values.database.existingSecret) }}
{{- fail (printf "%s: more than one replica needs a PostgreSQL that they share; give database.existingSecret" .component) }}
{{- end }}
{{- $name := printf "%s-%s" (include "banyan.name" .root) .component }}
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  labels: {{- include "banyan.labels" . | nindent 4 }}
spec:
  selector: {{- include "banyan.selector" . | nindent 4 }}
  ports:
    {{- range $port, $number := .ports }}
    - { name: {{ $port }}, port: {{ $number }}, targetPort: {{ $port }} }
    {{- end }}
    - { name: admin, port: 9100, targetPort: admin }
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $name }}
  labels: {{- include "banyan.labels" . | nindent 4 }}
spec:
  replicas: {{ .values.replicas | default 1 }}
  podManagementPolicy: Parallel
  serviceName: {{ $name }}
  selector:
    matchLabels: {{- include "banyan.selector" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "banyan.labels" . | nindent 8 }}
      {{- with .root.Values.podAnnotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "banyan.name" .root }}
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 30
      securityContext: {{- include "banyan.podSecurity" . | nindent 8 }}
      {{- with .root.Values.imagePullSecrets }}
      imagePullSecrets: {{- range . }}
        - name: {{ . }}
      {{- end }}
      {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ include "banyan.image" . }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          ports:
            {{- range $port, $number := .ports }}
            - { name: {{ $port }}, containerPort: {{ $number }} }
            {{- end }}
            - { name: admin, containerPort: 9100 }
          env:
            {{- include "banyan.commonEnv" . | trim | nindent 12 }}
            {{- .env | trim | nindent 12 }}
          securityContext: {{- include "banyan.containerSecurity" . | nindent 12 }}
          {{- include "banyan.probes" . | nindent 10 }}
          resources: {{- toYaml .values.resources | nindent 12 }}
          volumeMounts:
            - { name: data, mountPath: /data }
            - { name: trust, mountPath: /trust, readOnly: true }
            {{- with .mounts }}
            {{- . | nindent 12 }}
            {{- end }}
      volumes:
        {{- include "banyan.trustVolume" . | nindent 8 }}
        {{- with .volumes }}
        {{- . | nindent 8 }}
        {{- end }}
  volumeClaimTemplates:
    {{- include "banyan.claim" (dict "storage" .values.storage) | nindent 4 }}
{{- end }}
