// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Fuse.Administration;

namespace Hammer2.Tool.Manuals;

/// <summary>The manual page hammer2-control(5): the virtual files of a mount, and the requests that it takes.</summary>
internal static class ControlPage
{
    public static readonly ManualPageRow Row = new("hammer2-control", ManualPageRow.FormatSection,
        "control file and virtual files of a mounted HAMMER2 filesystem", Write);

    private static void Write(RoffWriter to)
    {
        WriteFiles(to);
        WriteProtocol(to);
        to.Heading("REQUESTS");
        to.Text("A parameter in brackets may be left out. Requests are for the user that made the mount, and root "
            + "where it may enter the mount, unless another group is named.");
        foreach (RequestDescription request in RequestDescription.All) WriteRequest(to, request);
        to.Heading("ERRORS");
        to.Text("write(2) fails with EINVAL for a malformed request, EOPNOTSUPP for a name that is no request, EPERM for "
            + "callers that may not make it, EBUSY while an earlier request of the same open file runs, and with the error "
            + "of the request. The next read tells the reason in a sentence.");
        WriteExamples(to);
        to.SeeAlso("hammer2(8)", "mount.hammer2(8)", "hammer2(5)", "poll(2)");
    }

    private static void WriteFiles(RoffWriter to)
    {
        to.Heading("SYNOPSIS");
        to.Text("MOUNT/.hammer2/control");
        to.Heading("DESCRIPTION");
        to.Text("The root directory of every mount has a directory .hammer2, which no listing shows. It is for the "
            + "user that made the mount, and for root where root may enter the mount: its own mounts, and those with "
            + "allow_other. If the root directory has an entry of that name, that one is shown instead.");
        to.Item("control", "takes requests and gives their answers, see below");
        to.Item("status", "JSON: the health of the mount with its reasons, nodes, space, running requests, scrubs");
        to.Item("pfs", "JSON: all PFSs and snapshots of the filesystem");
        to.Item("volumes", "JSON: the devices of all nodes");
        to.Item("stats", "JSON: requests of the kernel by kind, with errors and a histogram of their durations");
        to.Item("metrics", "metrics as OpenMetrics, as 'hammer2 metrics' prints them");
        to.Item("trace", "a line of JSON for each request of the kernel as it is served, while the file is read; not "
            + "on a user's mount of a write-protected device");
        to.Item("events", "a line of JSON for each event of the mount, the last 1024 of them; poll(2) tells of the next one");
        to.Item("snapshots/LABEL", "each snapshot, for reading; a slash in its label is %2F, and a percent sign is %25");
        to.Item("headers/N", "with the mount option headers: what the older volume header N has, for reading");
        to.Paragraph("With the mount option snapdirs each directory DIR has DIR/.hammer2/snapshots/LABEL, what DIR was in that "
            + "snapshot, for all users who may enter DIR.");
    }

    private static void WriteProtocol(RoffWriter to)
    {
        to.Heading("REQUESTS AND ANSWERS");
        to.Text("A write(2) to control is a request, and read(2) of the same open file gives its answer. A request is a line, "
            + "NAME PARAMETER=VALUE ..., in which a value may be quoted as in a shell, and the first parameter needs no name; "
            + "or a JSON object with the name of the request as \"request\", and its parameters. It has at most "
            + $"{RequestDescription.BytesMax} bytes.");
        to.Paragraph("The answer has the form of the request. As JSON it is an object with version, request, state (done, failed "
            + "or running), errno and error (number and name of the error), message and result. As text its first line is "
            + "done, running, or failed with the number, name and reason of the error; a field of the result follows on "
            + "each further line.");
        to.Paragraph("A long request runs in the background: reads tell how far it is until it has ended, and poll(2) tells when. "
            + "It goes on when the file is closed. On a read-only mount the control file cannot be opened for writing.");
    }

    private static void WriteRequest(RoffWriter to, RequestDescription request)
    {
        string parameters = string.Concat(request.Parameters.Select(
            parameter => parameter.IsRequired ? $" {parameter.Name}=" : $" [{parameter.Name}=]"));
        to.SubHeading(request.Name + parameters);
        string sentence = char.ToUpperInvariant(request.Summary[0]) + request.Summary[1..] + ".";
        if (request.IsLong) sentence += " It runs in the background.";
        if (request.IsForAnyone) sentence += " Every user that can open a file of the mount may ask.";
        to.Text(sentence);
        foreach (ParameterDescription parameter in request.Parameters)
            to.Item($"{parameter.Name}={parameter.Form}", parameter.Summary);
        if (request.ResultFields.Count > 0) to.Paragraph($"Result: {string.Join(", ", request.ResultFields)}.");
    }

    private static void WriteExamples(RoffWriter to)
    {
        to.Heading("EXAMPLES");
        to.Example("a request and its answer in a shell, as text",
            "exec 3<>/mnt/.hammer2/control\necho 'pfs-lookup label=DATA' >&3\ncat <&3");
        to.Example("the same as JSON",
            "exec 3<>/mnt/.hammer2/control\necho '{\"request\":\"pfs-lookup\",\"label\":\"DATA\"}' >&3\ncat <&3");
        to.Example("whether the mount is healthy", "jq -r .result.health /mnt/.hammer2/status");
    }
}
