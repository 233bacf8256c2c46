// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>A server of an image file by a program of others: nbdkit on a Unix socket or a TCP port, nbd-server or
/// qemu-nbd on a TCP port. It can be killed, stopped by a signal, and started again.</summary>
internal sealed class NbdServerProcess : IDisposable
{
    private readonly string _program;
    private readonly string[] _words;
    private readonly Func<bool> _listens;
    private readonly string? _numberFile;
    private Process? _process;

    // nbd-server goes into the background by itself, and writes its number to a file.
    private NbdServerProcess(
        string program, string[] words, string address, Func<bool> listens, string? numberFile = null)
    {
        (_program, _words, Address, _listens, _numberFile) = (program, words, address, listens, numberFile);
        Start();
    }

    /// <summary>The address of its export.</summary>
    public string Address { get; }

    /// <summary>nbdkit with filters, on a Unix socket beside the image.</summary>
    /// <param name="image">The image file.</param>
    /// <param name="options">Options of the address.</param>
    /// <param name="filters">Names of filters, and their parameters, as on its command line.</param>
    public static NbdServerProcess Nbdkit(string image, string options = "", params string[] filters)
    {
        string socket = image + ".sock";
        var words = new List<string> { "-f", "-U", socket };
        foreach (string filter in filters) if (filter.StartsWith('-')) words.Add(filter);
        words.AddRange(["file", image]);
        foreach (string parameter in filters) if (!parameter.StartsWith('-')) words.Add(parameter);
        return new NbdServerProcess("nbdkit", [.. words],
            $"nbd+unix:///?socket={socket}" + (options.Length > 0 ? "&" + options : ""), () => IsListening(socket));
    }

    /// <summary>A server of any kind on a TCP port of this machine.</summary>
    /// <param name="kind">nbdkit, nbd-server or qemu-nbd.</param>
    /// <param name="image">The image file.</param>
    /// <param name="options">Options of nbdkit.</param>
    public static NbdServerProcess OnPort(string kind, string image, params string[] options)
    {
        int port = FreePort();
        string number = port.ToString(CultureInfo.InvariantCulture);
        string? numberFile = null;
        string[] words;
        switch (kind)
        {
            case "nbdkit":
                words = ["-f", "-i", "127.0.0.1", "-p", number, .. options, "file", image];
                break;
            case "qemu-nbd":
                words = ["-t", "-e", "4", "-f", "raw", "-b", "127.0.0.1", "-p", number, "-x", "disk", image];
                break;
            default:
                string config = image + ".conf";
                File.WriteAllText(config, $"[generic]\nlistenaddr = 127.0.0.1\nport = {number}\n"
                    + $"[disk]\nexportname = {image}\nflush = true\nfua = true\ntrim = true\n");
                numberFile = image + ".pid";
                words = ["-C", config, "-p", numberFile];
                break;
        }
        return new NbdServerProcess(kind, words, $"nbd://127.0.0.1:{number}/disk", () => IsListening(port),
            numberFile);
    }

    /// <summary>Starts it again; returns when it listens.</summary>
    public void Start()
    {
        // One that was killed leaves its socket.
        foreach (string word in _words) if (word.EndsWith(".sock", StringComparison.Ordinal)) File.Delete(word);
        _process = HammerProgram.Start(_program, _words);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        HammerProgram.WaitUntil(_listens, _program + " to listen");
        if (_numberFile is null) return;
        _process.Dispose();
        HammerProgram.WaitUntil(() => File.Exists(_numberFile), _program + " to write its number");
        _process = Process.GetProcessById(
            int.Parse(File.ReadAllText(_numberFile).Trim(), CultureInfo.InvariantCulture));
    }

    /// <summary>Kills it.</summary>
    public void Kill() => End("KILL");

    /// <summary>Ends it by a signal, and waits.</summary>
    public void End(string signal)
    {
        Signal(signal);
        Assert.True(_process!.WaitForExit(HammerProgram.PatienceMilliseconds), _program + " still runs");
        _process.Dispose();
        _process = null;
    }

    /// <summary>Sends it a signal, such as STOP.</summary>
    public void Signal(string name) => HammerProgram.RunAny(
        "kill", "-" + name, _process!.Id.ToString(CultureInfo.InvariantCulture));

    public void Dispose()
    {
        if (_process is not null) Kill();
    }

    private static bool IsListening(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        return IsListening(socket, new UnixDomainSocketEndPoint(path));
    }

    private static bool IsListening(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        return IsListening(socket, new IPEndPoint(IPAddress.Loopback, port));
    }

    private static bool IsListening(Socket socket, EndPoint place)
    {
        try
        {
            socket.Connect(place);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}

/// <summary>A test that mounts exports of nbdkit; skipped where it is missing.</summary>
internal sealed class NbdMountFactAttribute : FactAttribute
{
    public NbdMountFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = MountConditions.WhyNot ?? NbdConditions.WhyNot;
}

/// <summary>A theory that mounts exports of servers; skipped where one is missing.</summary>
internal sealed class NbdMountTheoryAttribute : TheoryAttribute
{
    public NbdMountTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = MountConditions.WhyNot ?? NbdConditions.WhyNot;
}

/// <summary>What tests with real servers need.</summary>
internal static class NbdConditions
{
    private static readonly string[] s_programs = ["nbdkit", "nbd-server", "qemu-nbd"];

    /// <summary>Why they cannot be run here; null when they can.</summary>
    public static string? WhyNot { get; } = Array.Find(s_programs, program => !IsThere(program)) is { } missing
        ? $"there is no {missing}" : null;

    private static bool IsThere(string program) => Array.Exists(
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'),
        directory => File.Exists(Path.Combine(directory, program)));
}
