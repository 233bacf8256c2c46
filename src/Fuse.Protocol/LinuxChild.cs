// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using Linux.Text;

namespace Fuse.Protocol;

/// <summary>
/// Runs another program with an inherited descriptor and a pipe to read its output. Lighter than
/// System.Diagnostics.Process, which cannot pass descriptors and costs start-up time.
/// </summary>
internal sealed unsafe partial class LinuxChild
{
    /// <summary>The last of the standard streams.</summary>
    internal const int ErrorStream = 2;

    private const int CloseOnExec = 0x80000;
    private const int TerminationSignal = 15;
    private const int ChildSignal = 17;
    private const nint DefaultAction = 0;
    private const nint IgnoreAction = 1;

    // struct sigaction begins with the handler on x86-64 and arm64; glibc has 152 bytes, and none has more than this.
    private const int SignalActionWords = 32;

    private readonly int _processNumber;
    private readonly int _pipe;

    private LinuxChild(int processNumber, int pipe)
    {
        _processNumber = processNumber;
        _pipe = pipe;
    }

    /// <summary>
    /// Starts a program found in PATH, whose error stream can be read here; it inherits <paramref name="handedOn"/>
    /// under the same number if that is not negative.
    /// </summary>
    /// <exception cref="FuseException">The program cannot be started.</exception>
    public static LinuxChild Start(string program, string[] words, string[] variables, int handedOn)
    {
        (int ours, int theirs) = OpenPipe();
        (int From, int To)[] duplicates = handedOn >= 0
            ? [(theirs, ErrorStream), (handedOn, handedOn)]
            : [(theirs, ErrorStream)];
        return Start(program, [program, .. words], variables, duplicates, ours, theirs);
    }

    /// <summary>
    /// Starts this program again with a given argv[0]. It inherits all standard streams, and a pipe for output to this
    /// process, whose descriptor number is in an environment variable.
    /// </summary>
    /// <exception cref="FuseException">The program cannot be started.</exception>
    public static LinuxChild StartAgain(
        string name, IReadOnlyList<string> words, string pipeVariable, IEnumerable<string> variables)
    {
        (int ours, int theirs) = OpenPipe();
        string number = theirs.ToString(CultureInfo.InvariantCulture);
        return Start("/proc/self/exe", [name, .. words], [.. variables, $"{pipeVariable}={number}"],
            [(theirs, theirs)], ours, theirs);
    }

    /// <summary>Waits for the end. Returns the exit code, or 128 plus the signal that ended it.</summary>
    public int Wait()
    {
        int status;
        while (WaitFor(_processNumber, &status, 0) < 0)
        {
            if (LinuxCalls.LastError != FuseErrno.EINTR) return 127;
        }
        int signal = status & 0x7F;
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal;
    }

    /// <summary>Sends SIGTERM to the child; not after waiting for it.</summary>
    public void Terminate() => _ = SendSignal(_processNumber, TerminationSignal);

    /// <summary>Reads the child's output until it closes the pipe or ends; only once. Output beyond
    /// <paramref name="bytesMax"/> is discarded.</summary>
    public byte[] ReadAll(int bytesMax)
    {
        byte* buffer = stackalloc byte[512];
        var bytes = new List<byte>();
        nint got;
        while ((got = ReadPipe(_pipe, buffer, 512)) != 0)
        {
            if (got < 0 && LinuxCalls.LastError != FuseErrno.EINTR) break;
            for (nint index = 0; index < got && bytes.Count < bytesMax; index++) bytes.Add(buffer[index]);
        }
        _ = Close(_pipe);
        return [.. bytes];
    }

    private static LinuxChild Start(string program, string[] words, string[] variables,
        (int From, int To)[] duplicates, int ours, int theirs)
    {
        KeepExitStatus();
        using var nativeWords = new NativeStrings(words);
        using var nativeVariables = new NativeStrings(variables);

        // posix_spawn_file_actions_t has 80 bytes in glibc; room is left for other C libraries.
        byte* actions = stackalloc byte[256];
        _ = InitializeActions(actions);
        foreach ((int from, int to) in duplicates) _ = AddDuplicate(actions, from, to);
        int error = Spawn(
            out int processNumber, program, actions, null, nativeWords.Pointers, nativeVariables.Pointers);
        _ = DestroyActions(actions);
        _ = Close(theirs);
        if (error == 0) return new LinuxChild(processNumber, ours);
        _ = Close(ours);
        throw new FuseException($"{program}: {LinuxCalls.Describe(error)}");
    }

    // The kernel keeps no exit status for a process that ignores SIGCHLD, which can be inherited.
    private static void KeepExitStatus()
    {
        nint* action = stackalloc nint[SignalActionWords];
        if (SetSignalAction(ChildSignal, null, action) != 0 || action[0] != IgnoreAction) return;
        action[0] = DefaultAction;
        _ = SetSignalAction(ChildSignal, action, null);
    }

    private static (int Ours, int Theirs) OpenPipe()
    {
        int* ends = stackalloc int[2];
        return OpenPipe(ends, CloseOnExec) == 0
            ? (ends[0], ends[1])
            : throw new FuseException("pipe: " + LinuxCalls.Describe(LinuxCalls.LastError));
    }

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    private static partial int OpenPipe(int* ends, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint ReadPipe(int descriptor, byte* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int processNumber, int signal);

    [LibraryImport("libc", EntryPoint = "sigaction")]
    private static partial int SetSignalAction(int signal, nint* action, nint* former);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int WaitFor(int processNumber, int* status, int options);

    [LibraryImport("libc", EntryPoint = "posix_spawnp", StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(ByteTextMarshaller))]
    private static partial int Spawn(out int processNumber, string program, byte* actions, byte* attributes,
        byte** words, byte** variables);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int InitializeActions(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int AddDuplicate(byte* actions, int descriptor, int target);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int DestroyActions(byte* actions);

    // A char*[] with a null at its end, as exec takes it.
    private readonly ref struct NativeStrings
    {
        private readonly int _count;

        public NativeStrings(string[] strings)
        {
            _count = strings.Length;
            Pointers = (byte**)NativeMemory.AllocZeroed((nuint)_count + 1, (nuint)sizeof(byte*));
            for (int index = 0; index < _count; index++)
                Pointers[index] = ByteTextMarshaller.ConvertToUnmanaged(strings[index]);
        }

        public byte** Pointers { get; }

        public void Dispose()
        {
            for (int index = 0; index < _count; index++) ByteTextMarshaller.Free(Pointers[index]);
            NativeMemory.Free(Pointers);
        }
    }
}
