{{- define "shardns.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "shardns.fullname" -}}
{{- $name := include "shardns.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "shardns.deploymentName" -}}
{{- default (include "shardns.fullname" .) .Values.deployment.name -}}
{{- end -}}

{{- define "shardns.configMapName" -}}
{{- default (include "shardns.fullname" .) .Values.configmap.name -}}
{{- end -}}

{{- define "shardns.serviceAccountName" -}}
{{- default (ternary (include "shardns.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "shardns.clusterRoleName" -}}
{{- default (include "shardns.fullname" .) .Values.clusterRole.nameOverride -}}
{{- end -}}

{{- /* Labels that select the pods. */ -}}
{{- define "shardns.selectorLabels" -}}
app.kubernetes.io/name: {{ include "shardns.name" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- if .Values.isClusterService }}
k8s-app: {{ default .Chart.Name .Values.k8sAppLabelOverride | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end -}}

{{- define "shardns.labels" -}}
{{ include "shardns.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | quote }}
{{- if .Values.isClusterService }}
kubernetes.io/cluster-service: "true"
kubernetes.io/name: CoreDNS
{{- end }}
{{- with .Values.customLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* annotations of ($root, own annotations...), nothing if there are none. */ -}}
{{- define "shardns.annotations" -}}
{{- $root := first . -}}
{{- $all := deepCopy $root.Values.customAnnotations -}}
{{- range rest . -}}
{{- $all = mergeOverwrite $all (deepCopy (default dict .)) -}}
{{- end -}}
{{- with $all -}}
annotations:
{{ toYaml . | indent 2 }}
{{- end -}}
{{- end -}}

{{- /* What the chart cannot do is said, not passed over. */ -}}
{{- define "shardns.refusals" -}}
{{- if .Values.autoscaler.enabled -}}
{{- fail "autoscaler.enabled: the cluster-proportional autoscaler is not part of this chart; run it on its own for this Deployment, or use hpa" -}}
{{- end -}}
{{- if and .Values.prometheus.monitor.enabled (not .Values.prometheus.service.enabled) -}}
{{- fail "prometheus.monitor.enabled: needs prometheus.service.enabled, which makes the Service that is monitored" -}}
{{- end -}}
{{- if not .Values.deployment.skipConfig -}}
{{- range $probe, $plugin := dict "livenessProbe" "health" "readinessProbe" "ready" -}}
{{- if and (index $.Values $probe).enabled (not (include "shardns.pluginPort" (list $ $plugin ""))) -}}
{{- fail (printf "%s.enabled: needs the plugin %s in one of servers, or false" $probe $plugin) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
