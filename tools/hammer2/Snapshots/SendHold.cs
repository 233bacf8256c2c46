// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Snapshots;

/// <summary>Holds the snapshots of a mounted filesystem that are sent, so that they are not deleted meanwhile; releases
/// them on disposal.</summary>
/// <remarks>Without a mount nothing is held: the command has the devices open, which excludes writers. A killed command
/// leaves its holds.</remarks>
internal sealed class SendHold : IDisposable
{
    private readonly string _directory;
    private readonly string _name;
    private List<string>? _held = [];

    /// <param name="invocation">Receives a warning for each snapshot that cannot be held.</param>
    /// <param name="directory">A directory in the mount.</param>
    /// <param name="labels">Labels of the snapshots, none of which is mounted there.</param>
    public SendHold(Invocation invocation, string directory, IEnumerable<string> labels)
    {
        _directory = directory;
        _name = string.Create(CultureInfo.InvariantCulture,
            $"send-{Environment.ProcessId}-{invocation.Terminal.Time.GetUtcNow().ToUnixTimeSeconds()}");
        foreach (string label in labels)
        {
            try
            {
                _ = ControlFile.Request(directory, "hold", ("label", label), ("name", _name));
                _held!.Add(label);
            }
            catch (CommandException failure)
            {
                invocation.Warn($"{NameText.Escape(label)} can be deleted while it is sent: {failure.Message}");
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // A command that is interrupted does it on another thread.
        foreach (string label in Interlocked.Exchange(ref _held, null) ?? [])
            _ = ControlFile.Request(_directory, "release", ("label", label), ("name", _name));
    }
}
