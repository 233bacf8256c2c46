# Completes the list of components that CycloneDX made: the runtime of .NET is no package that the projects name, and the
# time is that of the commit. $time is given, and
# $runtime as NAME/VERSION of its package.
.metadata.timestamp = $time
| .metadata.component.licenses = [{license: {id: "BSD-3-Clause"}}]
| ($runtime | split("/")[1]) as $version
| ("pkg:nuget/" + ($runtime | sub("/"; "@"))) as $reference
| .components += [{
    type: "framework",
    "bom-ref": $reference,
    name: ".NET runtime (NativeAOT)",
    version: $version,
    description: "Compiled into the program. THIRD-PARTY-NOTICES.TXT lists what it contains of others, such as zlib-ng.",
    scope: "required",
    licenses: [{license: {id: "MIT"}}],
    copyright: ".NET Foundation and Contributors",
    purl: $reference
  }]
| (.dependencies[] | select(.ref | startswith("hammer2@")) | .dependsOn) |= ((. // []) + [$reference])
| .dependencies += [{ref: $reference, dependsOn: []}]
