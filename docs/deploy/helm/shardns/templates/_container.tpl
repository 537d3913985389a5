{{- define "shardns.container" -}}
- name: shardns
  image: "{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}"
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args:
    - -conf
    - /etc/coredns/Corefile
    {{- with .Values.workers }}
    - --workers
    - {{ . | quote }}
    {{- end }}
    {{- range .Values.extraArgs }}
    - {{ . | quote }}
    {{- end }}
  {{- with .Values.env }}
  env:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    {{- include "shardns.containerPorts" . | trim | nindent 4 }}
  {{- if .Values.livenessProbe.enabled }}
  livenessProbe:
    httpGet:
      path: /health
      port: {{ default "8080" (include "shardns.pluginPort" (list . "health" "8080")) }}
      scheme: HTTP
    {{- omit .Values.livenessProbe "enabled" | toYaml | nindent 4 }}
  {{- end }}
  {{- if .Values.readinessProbe.enabled }}
  readinessProbe:
    httpGet:
      path: /ready
      port: {{ default "8181" (include "shardns.pluginPort" (list . "ready" "8181")) }}
      scheme: HTTP
    {{- omit .Values.readinessProbe "enabled" | toYaml | nindent 4 }}
  {{- end }}
  {{- with .Values.preStopSleep }}
  lifecycle:
    preStop:
      sleep:
        seconds: {{ . }}
  {{- end }}
  {{- with .Values.securityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  volumeMounts:
    - name: config-volume
      mountPath: /etc/coredns
      readOnly: true
    {{- range .Values.extraSecrets }}
    - name: {{ .name }}
      mountPath: {{ .mountPath }}
      readOnly: true
    {{- end }}
    {{- with .Values.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
