// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Concurrency;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Linux.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Fuse.Control;

/// <summary>The result of requesting a mount from other processes.</summary>
internal enum HandOverOutcome
{
    /// <summary>No reachable process has the filesystem open for writing.</summary>
    NotServed,

    /// <summary>A process has it open and is ending: the filesystem is free soon.</summary>
    Ending,

    /// <summary>The mount is live, in another process.</summary>
    Mounted,
}

/// <summary>
/// Requests the process that has a filesystem open to mount one more PFS of it, instead of opening the filesystem a
/// second time.
/// </summary>
/// <param name="request">The mount to make.</param>
/// <param name="words">The request as the user wrote it.</param>
/// <param name="runtime">Directory of the sockets.</param>
/// <param name="loggers">Receive messages that the other process logs meanwhile.</param>
/// <param name="time">The clock.</param>
internal sealed class MountHandOver(MountRequest request, MountWords words, RuntimeDirectory runtime,
    ILoggerFactory loggers, TimeProvider time) : IDisposable
{
    private const int PollMilliseconds = 500;

    private readonly RankedLock _connectionLock = new(LockRank.HandOver);
    private UnixSocket? _connection;
    private bool _isCancelled;

    /// <summary>Why no process could be reached, although there may be one; null for no such reason.</summary>
    public string? Obstacle { get; private set; }

    /// <summary>The mount point of the PFS.</summary>
    public string Target { get; private set; } = "";

    /// <summary>Sends the request once.</summary>
    /// <exception cref="PfsException">The process refuses the mount, for the reason in the message.</exception>
    public HandOverOutcome Try()
    {
        Obstacle = null;
        try
        {
            using SafeFileHandle? directory = runtime.TryOpen();
            if (directory is null || RuntimeDirectory.Sockets(directory, null).Count == 0)
                return HandOverOutcome.NotServed;
            return AskAll(directory);
        }
        catch (ControlException failure)
        {
            Obstacle = failure.Message;
            return HandOverOutcome.NotServed;
        }
    }

    /// <summary>Waits for the end of a mount that this process stays for.</summary>
    /// <returns>False when its last changes were not made durable, or that is not known.</returns>
    public bool WaitForEnd()
    {
        ControlAnswer? answer = Receive(_connection!);
        if (answer is null) FuseDaemonLog.ServerLost(loggers.CreateLogger<MountHandOver>(), Target);
        return answer?.Status == ControlStatus.Ended;
    }

    /// <summary>Cancels the request, or unmounts if this process stays for the mount; from any thread.</summary>
    public void Cancel()
    {
        using (_connectionLock.EnterScope())
        {
            _isCancelled = true;
            _connection?.ShutDownWriting();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        using (_connectionLock.EnterScope())
        {
            _connection?.Dispose();
            _connection = null;
        }
    }

    private HandOverOutcome AskAll(SafeFileHandle directory)
    {
        MediaSourceOptions media = MountMedia.SourceOptions(request.Options, isReadOnly: true, 0);
        IReadOnlyList<MountSpec> nodes = MountNodes.Of(request, media);
        ControlRequest message = MessageFor(nodes);
        var asked = new HashSet<int>();
        foreach (MediaUuid filesystem in FilesystemsOf(nodes, media))
        {
            foreach (string path in RuntimeDirectory.Sockets(directory, filesystem))
            {
                if (UnixSocket.TryConnect(path) is not { } socket) continue;
                HandOverOutcome outcome = HandOverOutcome.NotServed;
                try
                {
                    if (socket.Peer is { } peer && asked.Add(peer.ProcessId)) outcome = Ask(socket, message, peer);
                }
                finally
                {
                    if (socket != _connection) socket.Dispose();
                }
                if (outcome != HandOverOutcome.NotServed) return outcome;
            }
        }
        return HandOverOutcome.NotServed;
    }

    private HandOverOutcome Ask(UnixSocket socket, ControlRequest message, PeerCredentials peer)
    {
        if (!socket.TrySend(ControlCodec.Encode(message), new Deadline(time, ControlConnection.TransferTimeout)))
            return HandOverOutcome.Ending;
        SetConnection(socket);
        ControlAnswer? answer = Receive(socket);
        bool isKept = answer?.Status == ControlStatus.Done && message.Mount!.Stays;
        if (!isKept) SetConnection(null);
        switch (answer?.Status)
        {
            case null:                              // it ended, or has too much to do
                return HandOverOutcome.Ending;
            case ControlStatus.Elsewhere:
                return HandOverOutcome.NotServed;
            case ControlStatus.Ending:
                return HandOverOutcome.Ending;
            case ControlStatus.Done:
                Repeat(answer.Log);
                Target = answer.Target;
                return HandOverOutcome.Mounted;
            default:
                Repeat(answer.Log);
                throw new PfsException(answer.Message.Length > 0
                    ? answer.Message : $"process {peer.ProcessId} gave an answer that is not understood");
        }
    }

    private void SetConnection(UnixSocket? socket)
    {
        using (_connectionLock.EnterScope())
        {
            _connection = socket;
            if (_isCancelled) socket?.ShutDownWriting();
        }
    }

    // The other process may have to repair a filesystem first: there is no limit, until the user interrupts it. Then it
    // has a while to undo the mount.
    private ControlAnswer? Receive(UnixSocket socket)
    {
        Deadline? cancelled = null;
        while (!socket.WaitForBytes(PollMilliseconds))
        {
            using (_connectionLock.EnterScope())
            {
                if (_isCancelled && !words.Stays) cancelled ??= new Deadline(time, ControlConnection.TransferTimeout);
            }
            if (cancelled is { LeftMilliseconds: 0 }) return null;
        }
        var deadline = new Deadline(time, ControlConnection.TransferTimeout);
        byte[] prefix = new byte[ControlCodec.PrefixBytes];
        if (!socket.TryReceive(prefix, deadline) || !ControlCodec.TryReadLength(prefix, out int length)) return null;
        byte[] json = new byte[length];
        return socket.TryReceive(json, deadline) ? ControlCodec.DecodeAnswer(json) : null;
    }

    private void Repeat(IReadOnlyList<ControlLogLine> lines)
    {
        foreach (ControlLogLine line in lines)
        {
            loggers.CreateLogger(line.Category).Log(
                line.Level, default, line.Text, null, static (text, _) => text);
        }
    }

    private ControlRequest MessageFor(IReadOnlyList<MountSpec> nodes)
    {
        var names = nodes.Select(node => new MountNodeName([.. node.Paths.Select(DeviceOpener.FullName)], node.Label));
        return new ControlRequest(
            ControlRequest.CurrentVersion, MountService.Command, PeerRules.ViewOfThisProcess())
        {
            Mount = new MountArguments([.. names], request.SourceText, LinuxPath.GetFull(request.Target),
                MountOptionParser.WithoutDevices(words.OptionLists), words.IsSloppy, words.LogLevel, words.Stays),
        };
    }

    private static List<MediaUuid> FilesystemsOf(IReadOnlyList<MountSpec> nodes, MediaSourceOptions media)
    {
        var found = new List<MediaUuid>();
        foreach (MountSpec node in nodes)
        {
            foreach (string path in node.Paths)
            {
                if (VolumeProbe.Read(path, media)?.Volume.FilesystemId is { } id && !found.Contains(id)) found.Add(id);
            }
        }
        return found;
    }
}
