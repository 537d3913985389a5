{{- /* The Corefile of .Values.servers and .Values.extraConfig. */ -}}
{{- define "shardns.corefile" -}}
{{- range $name, $conf := .Values.extraConfig }}
{{- include "shardns.directive" (merge (dict "name" $name) $conf) }}
{{ end }}
{{- range .Values.servers }}
{{- include "shardns.keys" . }} {
{{- range .plugins }}
{{ include "shardns.directive" . | indent 4 }}
{{- end }}
}
{{ end }}
{{- end -}}

{{- /* One directive: name, parameters, and configBlock in braces. */ -}}
{{- define "shardns.directive" -}}
{{ .name }}
{{- if not (kindIs "invalid" .parameters) }} {{ .parameters }}{{ end }}
{{- with .configBlock }} {
{{ . | trimSuffix "\n" | indent 4 }}
}
{{- end }}
{{- end -}}

{{- /* The keys of a server block: each zone with the port. */ -}}
{{- define "shardns.keys" -}}
{{- $keys := list -}}
{{- $port := default 53 .port | int -}}
{{- range default (list (dict "zone" ".")) .zones -}}
{{- if not (has (default "dns://" .scheme) (list "dns://")) -}}
{{- fail (printf "servers: scheme %s is not supported by shardns yet, only dns://" .scheme) -}}
{{- end -}}
{{- $keys = append $keys (printf "%s%s:%d" (default "" .scheme) (default "." .zone) $port) -}}
{{- end -}}
{{- join " " $keys -}}
{{- end -}}

{{- /* Of ($root, name, default port): the port that the plugin listens on, empty if no server has it. */ -}}
{{- define "shardns.pluginPort" -}}
{{- $name := index . 1 -}}
{{- $default := index . 2 -}}
{{- $found := list -}}
{{- range (first .).Values.servers -}}
{{- range .plugins -}}
{{- if eq .name $name -}}
{{- $found = append $found (default (default "default" $default) (regexFind "[0-9]+$" (toString .parameters))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $found }}{{ first $found }}{{ end -}}
{{- end -}}

{{- /* JSON list of the DNS ports: port, servicePort, nodePort, hostPort, tcp, and their names. The port 53 has CoreDNS's names. */ -}}
{{- define "shardns.ports" -}}
{{- $ports := list -}}
{{- $seen := dict -}}
{{- range .Values.servers -}}
{{- $port := default 53 .port | int -}}
{{- if not (hasKey $seen (toString $port)) -}}
{{- $_ := set $seen (toString $port) true -}}
{{- $tcp := not .zones -}}
{{- range .zones -}}
{{- if ne (toString .use_tcp) "false" -}}{{- $tcp = true -}}{{- end -}}
{{- end -}}
{{- $names := ternary (list "dns" "dns-tcp") (list (printf "udp-%d" $port) (printf "tcp-%d" $port)) (eq $port 53) -}}
{{- $ports = append $ports (dict "port" $port "servicePort" (default $port .servicePort) "nodePort" .nodePort "hostPort" .hostPort "tcp" $tcp "names" $names) -}}
{{- end -}}
{{- end -}}
{{- toJson $ports -}}
{{- end -}}

{{- define "shardns.containerPorts" -}}
{{- range include "shardns.ports" . | fromJsonArray }}
{{- $at := . }}
{{- range $index, $protocol := list "UDP" "TCP" }}
- name: {{ index $at.names $index }}
  containerPort: {{ $at.port }}
  protocol: {{ $protocol }}
  {{- with $at.hostPort }}
  hostPort: {{ . }}
  {{- end }}
{{- end }}
{{- end }}
{{- with include "shardns.pluginPort" (list . "prometheus" "9153") }}
- name: metrics
  containerPort: {{ . }}
  protocol: TCP
{{- end }}
{{- end -}}

{{- define "shardns.servicePorts" -}}
{{- range include "shardns.ports" . | fromJsonArray }}
{{- $at := . }}
{{- range $index, $protocol := ternary (list "UDP" "TCP") (list "UDP") .tcp }}
- name: {{ index $at.names $index }}
  port: {{ $at.servicePort }}
  targetPort: {{ index $at.names $index }}
  protocol: {{ $protocol }}
  {{- with $at.nodePort }}
  nodePort: {{ . }}
  {{- end }}
{{- end }}
{{- end }}
{{- end -}}
