{{- /* Labels of every object. */}}
{{- define "egress.labels" -}}
app.kubernetes.io/name: kubectl-egress
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "egress.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "egress.subject" -}}
subjects:
- kind: ServiceAccount
  name: kubectl-egress-agent
  namespace: kubectl-egress
{{- end }}

{{- /* "yes" where a thing that may be there already is ours to render: always, or auto and it isn't there or is this release's. */}}
{{- define "egress.mine" -}}
{{- $found := lookup .api .kind "" .name }}
{{- if eq .choice "always" }}yes
{{- else if eq .choice "auto" }}
{{- if not $found }}yes
{{- else if eq (dig "metadata" "annotations" "meta.helm.sh/release-name" "" $found) .release }}yes
{{- end }}
{{- end }}
{{- end }}
